"""The step that makes ``.ext4``: the disk's root partition, as a file of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, gpt, layout
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.disk_image import require


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
        copy(disk, part, *gpt.find(disk, layout.ROOT))
    return f"{image.name}: {units.size(image.stat().st_size)}, the root partition of the disk"


def copy(disk: Path, target: Path, offset: int, size: int) -> None:
    """Copy a part of a sparse file to a new one, which is as sparse.

    The kernel copies, so a file system that can (btrfs, XFS) shares the blocks
    instead.

    Args:
        disk: the sparse file.
        target: the new file.
        offset: where the part begins, in bytes.
        size: its length in bytes.
    """
    with disk.open("rb") as source, target.open("xb") as sink:
        sink.truncate(size)
        for start, end in _data(source.fileno(), offset, offset + size):
            _copy_range(source.fileno(), sink.fileno(), start, end, start - offset)


def _data(descriptor: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a range that are no holes, as offsets."""
    while start < end:
        try:
            start = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole up to the end
            return
        stop = min(end, os.lseek(descriptor, start, os.SEEK_HOLE))
        if start < end:
            yield start, stop
        start = stop


def _copy_range(source: int, sink: int, start: int, end: int, at: int) -> None:
    while start < end:
        count = os.copy_file_range(source, sink, end - start, start, at)
        if count == 0:
            raise LivecdError("the disk ended while it was copied")
        start += count
        at += count
