"""The step that makes Vagrant boxes, for VirtualBox and for libvirt.

The disk is that of the other targets. The user ``vagrant`` is made at the first
boot by cloud-init, from a seed that is the box's second disk. The key in the box
is the one that the build was given (see ``boxkey``). Vagrant replaces none but
its own insecure one, which it knows by its content, at the first ``vagrant up``:
so that one can be asked for too, by naming its file.

A box is a tar file (Vagrant documentation, "Box File Format"). That for libvirt
has two disks, and so is of the second form, which vagrant-libvirt knows since 2021;
an older one says that the size is missing, instead of a start without the seed.
Its metadata names the provider, and the architecture in Go's words, which Vagrant
reads since 2.4: so a box for another processor than the host's is told apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.steps import (
    artifact,
    boxkeys,
    built_disk,
    cidata,
    compression,
    grains,
    inventory,
    overlay,
    ovf,
    platforms,
    qcow2,
    templates,
    ustar,
    vmdk_image,
)
from livecd_rootfs.steps.boxkeys import BoxKey
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.ustar import Member
from livecd_rootfs.steps.vmdk import Disk
from livecd_rootfs.values import Value

VIRTUALBOX, LIBVIRT = ".vagrant.box", ".vagrant.libvirt.box"
VAGRANTFILE = "Vagrantfile.jinja"
PRIVATE_KEY = "vagrant_private_key"
USER = "vagrant"
GIB = 1 << 30
# The first half of a network card's address that VirtualBox gives its own.
VIRTUALBOX_CARDS = "080027"


class Making(Value):
    """What both boxes are made from.

    Attributes:
        context: the build.
        templates: the directory of templates.
        folder: for files on the way.
        key: lets the user in.
        seed: the raw seed.
        disk: the raw disk.
    """

    context: Context
    templates: Path
    folder: Path
    key: BoxKey
    seed: Path
    disk: Path


def run(context: Context, directory: Path) -> str:
    """Make ``.vagrant.box``, ``.vagrant.libvirt.box`` and their inventories.

    Args:
        context: the build; VAGRANT_KEY_FILE names the key.
        directory: of the templates.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk, no VMDK, or no key.
    """
    disk = built_disk.require(context, "Vagrant boxes")
    vmdk = vmdk_image.require(context, "a Vagrant box")
    with overlay.scratch(context) as folder:
        key = boxkeys.read(context, folder)
        seed = folder / "seed.raw"
        cidata.make(context, seed, seed_files(context, key))
        making = Making(
            context=context, templates=directory, folder=folder, key=key, seed=seed, disk=disk
        )
        boxes = {VIRTUALBOX: _virtualbox(making, vmdk), LIBVIRT: _libvirt(making)}
        for suffix, members in boxes.items():
            with artifact.appearing(context.artifact(suffix)) as part:
                ustar.write(part, members, epoch=context.epoch)
            inventory.copy(context, suffix)
    sizes = (context.artifact(suffix) for suffix in boxes)
    return ", ".join(f"{each.name}: {units.size(each.stat().st_size)}" for each in sizes)


def seed_files(context: Context, key: BoxKey) -> Mapping[str, str]:
    """What cloud-init is told: the user, who becomes root without a password, and the key."""
    user = {
        "name": USER,
        "gecos": "Vagrant",
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "lock_passwd": True,
        "ssh_authorized_keys": [key.public],
    }
    about = {"instance-id": f"vagrant-{context.id('vagrant')}", "local-hostname": USER}
    return {
        "meta-data": json.dumps(about) + "\n",
        "user-data": "#cloud-config\n" + json.dumps({"users": [user]}, indent=1) + "\n",
    }


def _virtualbox(making: Making, vmdk: Path) -> tuple[Member, ...]:
    context, seed = making.context, making.folder / "seed.vmdk"
    level = compression.of(context, Format.DEFLATE).level or 0
    described = Disk(name=seed.name, size=cidata.SIZE, id=context.id("cidata VMDK"))
    grains.write(making.seed, seed, described, level=level)
    disks = (
        _disk("box-disk001.vmdk", vmdk, making.disk.stat().st_size),
        _disk("box-disk002.vmdk", seed, cidata.SIZE),
    )
    machine = ovf.Machine(
        name=context.prefix,
        system=ovf.system(context),
        hardware=ovf.VIRTUALBOX,
        network="NAT",
        disks=disks,
        firmware=ovf.firmware(context),
        configurable=False,
    )
    return (
        *_texts(making, "virtualbox", _about(context, "virtualbox")),
        Member(name="box.ovf", content=ovf.render(making.templates / ovf.TEMPLATE, machine)),
        Member(name=disks[0].file, content=vmdk),
        Member(name=disks[1].file, content=seed),
    )


def _disk(name: str, path: Path, capacity: int) -> ovf.Disk:
    return ovf.Disk(file=name, file_size=path.stat().st_size, capacity=capacity)


def _libvirt(making: Making) -> tuple[Member, ...]:
    disks = {"box.img": making.disk, "seed.img": making.seed}
    for name, source in disks.items():
        _convert(making, source, making.folder / name)
    sizes = {name: source.stat().st_size for name, source in disks.items()}
    about = {
        **_about(making.context, "libvirt"),
        "disks": [
            {"path": name, "format": "qcow2", "virtual_size": -(-size // GIB)}
            for name, size in sizes.items()
        ],
    }
    images = (Member(name=name, content=making.folder / name) for name in disks)
    return (*_texts(making, "libvirt", about), *images)


def _about(context: Context, provider: str) -> Mapping[str, str]:
    return {"provider": provider, "architecture": platforms.platform(context.arch)["architecture"]}


def _convert(making: Making, source: Path, image: Path) -> None:
    context = making.context
    method = compression.of(context, Format.QCOW2)
    context.tools.run(
        qcow2.convert_argv(source, image, method),
        env=context.environment(),
        cwd=context.build,
        bind=(making.folder,),
    )


def _texts(making: Making, provider: str, about: Mapping[str, object]) -> tuple[Member, ...]:
    """The small files of a box: what it is, how it is started, and the key if it has one."""
    address = VIRTUALBOX_CARDS + making.context.id("network card").hex[:6].upper()
    vagrantfile = templates.render(
        making.templates / VAGRANTFILE,
        escape=False,
        provider=provider,
        user=USER,
        address=address,
        firmware=ovf.firmware(making.context),
        private_key=PRIVATE_KEY if making.key.private else None,
    )
    private = making.key.private
    key = (Member(name=PRIVATE_KEY, content=private, mode=0o600),) if private else ()
    return (
        Member(name="metadata.json", content=(json.dumps(about, indent=1) + "\n").encode()),
        Member(name="Vagrantfile", content=vagrantfile.encode()),
        *key,
    )
