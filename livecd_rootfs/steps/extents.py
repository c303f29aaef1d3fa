"""The parts of a sparse file that hold data, and copies that stay sparse."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.errors import LivecdError


def of(descriptor: int, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The parts of an open file that are no holes: first byte, and the one after the last.

    A file system that knows no holes gives one part, the whole file (lseek(2)).

    Args:
        descriptor: the file.
        start: where to begin.
        end: where to stop; ``None`` is the file's end.
    """
    last = os.fstat(descriptor).st_size if end is None else end
    while start < last:
        try:
            start = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return
        stop = min(last, os.lseek(descriptor, start, os.SEEK_HOLE))
        if start < stop:
            yield start, stop
        start = stop


def copy(source: Path, target: Path, offset: int, size: int) -> None:
    """Copy a part of a sparse file to a new one, which is as sparse.

    The kernel copies, so a file system that can (btrfs, XFS) shares the blocks
    instead.

    Args:
        source: the sparse file.
        target: the new file.
        offset: where the part begins, in bytes.
        size: its length in bytes.
    """
    with source.open("rb") as reader, target.open("xb") as writer:
        writer.truncate(size)
        for start, end in of(reader.fileno(), offset, offset + size):
            _copy_range(reader.fileno(), writer.fileno(), start, end, start - offset)


def place(source: Path, target: Path, offset: int) -> None:
    """Copy a sparse file into one that exists and has holes there.

    Args:
        source: the sparse file.
        target: the other file.
        offset: where the copy begins in it, in bytes.
    """
    with source.open("rb") as reader, target.open("r+b") as writer:
        for start, end in of(reader.fileno()):
            _copy_range(reader.fileno(), writer.fileno(), start, end, offset + start)


def _copy_range(source: int, sink: int, start: int, end: int, at: int) -> None:
    while start < end:
        count = os.copy_file_range(source, sink, end - start, start, at)
        if count == 0:
            raise LivecdError("the disk ended while it was copied")
        start += count
        at += count
