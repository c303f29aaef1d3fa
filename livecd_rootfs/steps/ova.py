"""The step that makes the OVA: a machine with the VMDK as its disk, in one file.

Readers go through it once, from front to end: the description must be the first
file, or VMware's tools find none; then comes the manifest, then the disk. In the
manifest nothing stands between the algorithm and the parenthesis: vSphere takes
``SHA256 (`` for an algorithm that it does not know. vSphere 7 and later refuse SHA-1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, built_disk, inventory, ovf, ustar, vmdk_image
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.ovf import Machine
from livecd_rootfs.steps.ustar import Member

SUFFIX = ".ova"
NETWORK = "VM Network"


def run(context: Context, templates: Path) -> str:
    """Make ``.ova`` and its inventory of the VMDK.

    Args:
        context: the build.
        templates: the directory of the OVF's template.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no VMDK, or Jinja is not installed.
    """
    disk = vmdk_image.require(context, "an OVA")
    description = ovf.render(templates / ovf.TEMPLATE, machine(context, disk))
    package = context.artifact(SUFFIX)
    contents = (
        Member(name=f"{context.prefix}.ovf", content=description),
        Member(name=disk.name, content=disk),
    )
    with artifact.appearing(package) as part:
        ustar.write(part, with_manifest(f"{context.prefix}.mf", contents), epoch=context.epoch)
    inventory.copy(context, SUFFIX)
    return f"{package.name}: {units.size(package.stat().st_size)}"


def machine(context: Context, disk: Path) -> Machine:
    """The machine that the OVA describes."""
    capacity = built_disk.require(context, "an OVA").stat().st_size
    return Machine(
        name=context.prefix,
        system=ovf.system(context),
        hardware=ovf.VMWARE,
        network=NETWORK,
        disks=(ovf.Disk(file=disk.name, file_size=disk.stat().st_size, capacity=capacity),),
        firmware=ovf.firmware(context),
        configurable=True,
    )


def with_manifest(name: str, members: Sequence[Member]) -> tuple[Member, ...]:
    """The members with their manifest behind the first one.

    Args:
        name: of the manifest.
        members: the description, then what it refers to.
    """
    lines = (f"SHA256({member.name})= {_digest(member)}\n" for member in members)
    manifest = Member(name=name, content="".join(lines).encode())
    return (members[0], manifest, *members[1:])


def _digest(member: Member) -> str:
    if not isinstance(member.content, Path):
        return hashlib.sha256(member.content).hexdigest()
    with member.content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
