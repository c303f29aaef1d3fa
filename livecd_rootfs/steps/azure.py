"""The step that makes the VHD for Azure: the disk and a footer."""

from __future__ import annotations

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, built_disk, extents, inventory, vhd
from livecd_rootfs.steps.context import Context

SUFFIX = ".vhd"


def run(context: Context) -> str:
    """Make ``.vhd`` and its inventory of the disk.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk, or it is not of whole MiB.
    """
    source = built_disk.require(context, "a VHD")
    size = source.stat().st_size
    _check(size)
    image = context.artifact(SUFFIX)
    with artifact.appearing(image) as part:
        extents.copy(source, part, 0, size)
        with part.open("r+b") as stream:
            stream.seek(size)
            stream.write(vhd.footer(size=size, id=context.id("VHD"), epoch=context.epoch))
    inventory.copy(context, SUFFIX)
    return f"{image.name}: {units.size(size)} and its footer"


def _check(size: int) -> None:
    if size % vhd.MIB:
        raise LivecdError(
            f"the disk has {size} bytes, which is no whole number of MiB",
            place=built_disk.DISK,
            why="Azure refuses such a VHD",
            remedy="make it with base/disk-image.binary, which rounds it",
        )
