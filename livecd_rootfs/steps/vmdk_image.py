"""The step that makes the VMDK: the disk as VMware's products and VirtualBox take it."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, built_disk, compression, grains, inventory
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.vmdk import Disk

SUFFIX = ".vmdk"


def run(context: Context) -> str:
    """Make ``.vmdk`` and its inventory of the disk.

    COMPRESSION says how hard it is compressed.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk.
    """
    method = compression.of(context, Format.DEFLATE)
    source = built_disk.require(context, "a VMDK")
    image = context.artifact(SUFFIX)
    disk = Disk(name=image.name, size=source.stat().st_size, id=context.id("VMDK"))
    with artifact.appearing(image) as part:
        grains.write(source, part, disk, level=method.level or 0)
    inventory.copy(context, SUFFIX)
    return f"{image.name}: {units.size(image.stat().st_size)}, compressed with {method}"


def require(context: Context, what: str) -> Path:
    """The VMDK, for a step that puts it into something else.

    Args:
        context: the build.
        what: what it makes, with its article.

    Raises:
        LivecdError: this step here has not run before.
    """
    image = context.artifact(SUFFIX)
    if not image.is_file():
        raise LivecdError(
            f"there is no VMDK to put into {what}",
            place=image.name,
            why="it does not exist",
            remedy="the series file needs `base/vmdk-image.binary` above this hook",
        )
    return image
