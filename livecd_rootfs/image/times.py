"""The times of a tree's files: none is later than the build's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_NANOSECONDS = 1_000_000_000


def clamp(tree: Path, epoch: int) -> int:
    """Give the build's time to every file that is younger; gives their number.

    Args:
        tree: a directory; it counts, too.
        epoch: the build's time, seconds since 1970.
    """
    limit = epoch * _NANOSECONDS
    changed = 0
    for path in _all(os.fsencode(tree)):
        found = os.lstat(path)
        if found.st_mtime_ns > limit:
            os.utime(path, ns=(min(found.st_atime_ns, limit), limit), follow_symlinks=False)
            changed += 1
    return changed


def _all(folder: bytes) -> Iterator[bytes]:
    """Every path, those in a directory before it: to change them is no change to it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _all(entry.path)
            else:
                yield entry.path
    yield folder
