"""Images for hypervisors: the drivers in their roots, and a box that boots on VirtualBox's devices."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from livecd_rootfs import process, toolsroot
from livecd_rootfs.boot import accelerator, command, image, ssh
from livecd_rootfs.boot.accelerator import Memory
from livecd_rootfs.boot.machine import Machine, start
from livecd_rootfs.boot.request import Accelerator
from livecd_rootfs.settings import host_architecture, proxies
from livecd_rootfs.tools import Toolbox
from tests.images.conftest import Built, livecd_rootfs
from tests.images.test_debian import cut_out, debugfs

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

SECONDS_TO_BOOT = 400
VIRTIO = ("virtio_blk", "virtio_net", "virtio_scsi", "virtio_pci")
CLOUDS = (*VIRTIO, "hv_vmbus", "hv_storvsc", "hv_netvsc", "hv_utils", "udf")
HYPERVISORS = (
    *VIRTIO,
    *("ahci", "ata_piix", "e1000", "sr_mod"),
    *("vmw_pvscsi", "vmxnet3", "mptspi", "e1000e", "vmwgfx"),
    *("hv_vmbus", "hv_storvsc", "hv_netvsc", "hv_utils"),
    *("vfat", "isofs"),
)


@pytest.fixture(scope="session")
def boxed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The targets that have the generic kernel, built with what the first build has left."""
    output = tmp_path_factory.mktemp("boxed")
    report = output.with_suffix(".html")
    ended = livecd_rootfs(
        built.cache, "build", "vmdk,vagrant", "--output", str(output), "--report", str(report)
    )
    assert ended.returncode == 0, ended.stderr
    return Built(output=output, cache=built.cache, report=report, said=ended.stdout)


@pytest.fixture(scope="session")
def generic_disk(boxed: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("generic") / "disk.raw"
    process.run(["qemu-img", "convert", "-O", "raw", boxed.artifact(".vmdk"), raw])
    return raw


def modules(disk: Path, folder: Path) -> set[str]:
    """The names of the kernel's modules in a disk, the built-in ones too."""
    root = cut_out(disk, 1, folder)
    listing = debugfs(root, "ls -p /usr/lib/modules")
    versions = {line.split("/")[5] for line in listing.splitlines() if line} - {".", ".."}
    assert len(versions) == 1, "one kernel, not two"
    place = f"/usr/lib/modules/{versions.pop()}"
    found = debugfs(root, f"cat {place}/modules.dep") + debugfs(
        root, f"cat {place}/modules.builtin"
    )
    names = re.findall(r"^\S*/([^/\s]+?)\.ko", found, re.MULTILINE)
    return {name.replace("-", "_") for name in names}


@pytest.mark.tools("debugfs", "qemu-img")
def test_the_cloud_kernel_has_the_drivers_of_clouds(disk: Path, tmp_path: Path) -> None:
    assert set(CLOUDS) - modules(disk, tmp_path) == set()


@pytest.mark.tools("debugfs", "qemu-img")
def test_the_generic_kernel_has_the_drivers_of_hypervisors(
    generic_disk: Path, tmp_path: Path
) -> None:
    assert set(HYPERVISORS) - modules(generic_disk, tmp_path) == set()


@pytest.mark.tools("debugfs", "qemu-img")
def test_the_exchange_of_kernels_leaves_nothing(generic_disk: Path, tmp_path: Path) -> None:
    root = cut_out(generic_disk, 1, tmp_path)
    boot = debugfs(root, "ls -p /boot")
    kinds = sorted(re.findall(r"/(vmlinuz|initrd\.img|config|System\.map)-", boot))
    assert kinds == ["System.map", "config", "initrd.img", "vmlinuz"]
    assert "cloud" not in boot
    lists = debugfs(root, "ls -p /var/lib/apt/lists")
    assert set(re.findall(r"/([^/]+)/\d*/$", lists, re.MULTILINE)) <= {
        ".",
        "..",
        "auxfiles",
        "partial",
    }
    manifest = debugfs(root, "cat /var/lib/dpkg/status")
    assert "linux-image-cloud" not in manifest


def test_common_steps_are_shared(boxed: Built) -> None:
    """What does not need the generic kernel is not done again for it."""
    assert re.search(r"^\[\d+/\d+\] bootstrap: cached$", boxed.said, re.MULTILINE)
    assert "chroot/060-root-account.chroot: cached" in boxed.said
    assert "chroot/890-identity.chroot: cached" not in boxed.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An unpacked box."""

    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / "vagrant_private_key"


def unpacked(archive: Path, folder: Path) -> Box:
    folder.mkdir()
    process.run(["tar", "-xf", archive, "-C", folder])
    return Box(folder=folder)


@pytest.mark.tools("qemu-img")
def test_the_boxes_hold_the_same_disks(boxed: Built, generic_disk: Path, tmp_path: Path) -> None:
    virtualbox = unpacked(boxed.artifact(".vagrant.box"), tmp_path / "virtualbox").folder
    libvirt = unpacked(boxed.artifact(".vagrant.libvirt.box"), tmp_path / "libvirt").folder
    process.run(["qemu-img", "compare", virtualbox / "box-disk001.vmdk", generic_disk])
    process.run(["qemu-img", "compare", libvirt / "box.img", generic_disk])
    process.run(["qemu-img", "compare", virtualbox / "box-disk002.vmdk", libvirt / "seed.img"])
    about = json.loads((libvirt / "metadata.json").read_text())
    assert [each["path"] for each in about["disks"]] == ["box.img", "seed.img"]
    plain = json.loads((virtualbox / "metadata.json").read_text())
    assert plain == {"provider": "virtualbox", "architecture": host_architecture()}
    assert about["architecture"] == host_architecture()
    keys = {folder.joinpath("vagrant_private_key").read_bytes() for folder in (virtualbox, libvirt)}
    assert keys == {(boxed.cache / "keys/vagrant").read_bytes()}


def toolbox_of(built: Built) -> Toolbox:
    request = toolsroot.Request(
        cache=built.cache, architecture=host_architecture(), machines=(host_architecture(),)
    )
    return Toolbox(root=toolsroot.ensure(request, environ=proxies(os.environ), progress=print))


# QEMU's devices, and those that VirtualBox has.
DEVICES = (
    ("virtio-blk-pci,drive=disk", "ide-hd,bus=ide.0,drive=disk"),
    ("virtio-blk-pci,drive=seed", "ide-hd,bus=ide.1,drive=seed"),
    ("virtio-net-pci,netdev", "e1000,netdev"),
)


def as_virtualbox(word: str) -> str:
    for ours, theirs in DEVICES:
        word = word.replace(ours, theirs)
    return word


def virtual_machine(box: Box, built: Built, toolbox: Toolbox, folder: Path) -> command.Machine:
    arch = host_architecture()
    emulator = command.emulator_for(arch)
    disk, seed = folder / "disk.qcow2", folder / "seed.raw"
    first = image.inspect(box.folder / "box-disk001.vmdk", toolbox)
    overlay = image.overlay_command(first, disk, None)
    toolbox.run(overlay, cwd=folder, show=(first.path,))
    argv = ("qemu-img", "convert", "-O", "raw", box.folder / "box-disk002.vmdk", seed)
    toolbox.run(argv, cwd=folder, show=(box.folder,))
    memory = Memory(cache=built.cache, boot=accelerator.boot_id(), emulator="QEMU of a test")
    choice = accelerator.choose(
        Accelerator.AUTO, guest=arch, host=arch, emulator=emulator, toolbox=toolbox, memory=memory
    )
    return command.Machine(
        architecture=arch,
        accelerator=choice.accelerator,
        memory=1024,
        cpus=2,
        flash=None,
        disk=disk,
        seed=seed,
        control=folder / "qmp",
        credentials=(),
        network=False,
    )


def answers(
    machine: Machine, control: Path, box: Box, toolbox: Toolbox, words: str
) -> Iterator[str]:
    """What the guest says to a command, asked until it says something."""
    port = None
    while machine.seconds < SECONDS_TO_BOOT:
        machine.settle(2.0)
        port = port or ssh.find_port(control)
        if port is None:
            continue
        argv = ssh.command(box.key, port, "vagrant", words)
        ended = toolbox.run(argv, cwd=box.folder, check=False)
        if ended.status == 0:
            yield ended.stdout
            return


def keep(log: IO[bytes], data: bytes) -> None:
    log.write(data)


@pytest.mark.boot
@pytest.mark.tools("qemu-img")
def test_vagrant_gets_into_a_box(boxed: Built, tmp_path: Path) -> None:
    """With VirtualBox's disks and card; the key is that of the box, and sudo asks nothing."""
    toolbox = toolbox_of(boxed)
    box = unpacked(boxed.artifact(".vagrant.box"), tmp_path / "box")
    machine = virtual_machine(box, boxed, toolbox, tmp_path)
    argv = [as_virtualbox(word) for word in command.argv(machine)]
    console = tmp_path / "console"
    began = time.monotonic()
    with (
        console.open("wb") as log,
        start(
            toolbox, argv, directory=tmp_path, show=(box.folder,),
            devices=(accelerator.DEVICE,) if machine.accelerator is Accelerator.KVM else (),
            sink=lambda data: keep(log, data),
        ) as running,
    ):  # fmt: skip
        words = "sudo -n id -u; id -un; readlink /sys/class/net/e*/device/driver; hostname"
        said = list(answers(running, machine.control, box, toolbox, words))
    last = console.read_text(errors="replace")[-2000:]
    assert said, f"no login in {time.monotonic() - began:.0f} s: {last}"
    root, user, driver, name = said[0].split()
    assert (root, user, name) == ("0", "vagrant", "vagrant")
    assert driver.endswith("/e1000")
