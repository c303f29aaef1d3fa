"""The step that makes the VHD for Azure: the disk and a footer."""

from __future__ import annotations

import os
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, disk_image, extents, inventory, vhd
from livecd_rootfs.steps.context import Context

SUFFIX = ".vhd"
_CHUNK = 1 << 24


def run(context: Context) -> str:
    """Make ``.vhd`` and its inventory of the disk.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk, or it is not of whole MiB.
    """
    source = disk_image.require(context, "a VHD")
    size = source.stat().st_size
    _check(size)
    image = context.artifact(SUFFIX)
    with artifact.appearing(image) as part:
        _copy(source, part)
        with part.open("r+b") as stream:
            stream.seek(size)
            stream.write(vhd.footer(size=size, id=context.id("VHD"), epoch=context.epoch))
    inventory.copy(context, SUFFIX)
    return f"{image.name}: {units.size(size)} and its footer"


def _check(size: int) -> None:
    if size % vhd.MIB:
        raise LivecdError(
            f"the disk has {size} bytes, which is no whole number of MiB",
            place=disk_image.DISK,
            why="Azure refuses such a VHD",
            remedy="make it with base/disk-image.binary, which rounds it",
        )


def _copy(source: Path, copy: Path) -> None:
    """Copy what holds data; the rest stays a hole."""
    with source.open("rb") as reader, copy.open("wb") as writer:
        for start, end in extents.of(reader.fileno()):
            for at in range(start, end, _CHUNK):
                os.pwrite(writer.fileno(), os.pread(reader.fileno(), min(_CHUNK, end - at), at), at)
        os.truncate(writer.fileno(), source.stat().st_size)
