"""The step that makes ``.ext4``: the disk's root partition, as a file of its own."""

from __future__ import annotations

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, extents, gpt, layout
from livecd_rootfs.steps.built_disk import require
from livecd_rootfs.steps.context import Context


def run(context: Context) -> str:
    """Make ``.ext4`` from the disk.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk.
    """
    disk = require(context, "a root partition")
    image = context.artifact(".ext4")
    with artifact.appearing(image) as part:
        extents.copy(disk, part, *gpt.find(disk, layout.ROOT))
    return f"{image.name}: {units.size(image.stat().st_size)}, the root partition of the disk"
