"""The step that makes ``.disk1.img.xz``: the disk as it is, compressed, to be written to another."""

from __future__ import annotations

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, built_disk, compression, inventory, pipeline
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context


def run(context: Context) -> str:
    """Make ``.disk1.img.xz`` and its inventory from the disk.

    COMPRESSION says how hard it is compressed.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk.
    """
    method = compression.of(context, Format.XZ)
    disk = built_disk.require(context, "an xz file")
    image = context.artifact(".disk1.img.xz")
    with artifact.appearing(image) as part:
        compression.to_file(context, method, pipeline.of_file(disk), part)
    inventory.copy(context, ".disk1.img")
    return f"{image.name}: {units.size(image.stat().st_size)}, compressed with {method}"
