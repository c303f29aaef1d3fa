"""What a tree will take in an ext4 file system."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from livecd_rootfs.steps import extents
from livecd_rootfs.values import Value

BLOCK = 4096
# An inode of 256 bytes keeps a link's target of up to 59 bytes in itself
# (kernel documentation, filesystems/ext4/ifork).
_INLINE_LINK = 59
# A directory entry is 8 bytes and its name, on a multiple of 4; each block ends
# with a checksum of 12 bytes (filesystems/ext4/directory).
_ENTRY_HEAD = 8
_BLOCK_TAIL = 12
_SECTOR = 512


class Content(Value):
    """The sum of a tree.

    Attributes:
        blocks: blocks of 4 KiB for data, directories and long links.
        inodes: files of all kinds, a hard-linked one once.
        unread: files whose access time is before the build's time, so that it
            would change when somebody reads them; relative to the tree.
    """

    blocks: int
    inodes: int
    unread: tuple[str, ...]


def measure(tree: Path, epoch: int) -> Content:
    """Walk a tree once.

    Args:
        tree: the directory.
        epoch: the build's time, seconds since 1970.
    """
    blocks = inodes = 0
    unread: list[str] = []
    seen: set[tuple[int, int]] = set()
    top = str(tree)
    for path, found, names in _walk(top):
        if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
            key = (found.st_dev, found.st_ino)
            if key in seen:
                continue
            seen.add(key)
        blocks += _blocks(path, found, names)
        inodes += 1
        if found.st_atime < epoch:
            unread.append(path[len(top) + 1 :] or ".")
    return Content(blocks=blocks, inodes=inodes, unread=tuple(unread))


def _walk(top: str) -> Iterator[tuple[str, os.stat_result, Sequence[str]]]:
    """Every path with its status and, if it is a directory, the names in it; the top one too."""
    pending = [(top, os.lstat(top))]
    while pending:
        folder, status = pending.pop()
        with os.scandir(folder) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
        yield folder, status, [child.name for child in children]
        for child in children:
            found = child.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                pending.append((child.path, found))
            else:
                yield child.path, found, ()


def _blocks(path: str, found: os.stat_result, names: Sequence[str]) -> int:
    if stat.S_ISREG(found.st_mode):
        return _file_blocks(path, found)
    if stat.S_ISDIR(found.st_mode):
        return _directory_blocks(names)
    if stat.S_ISLNK(found.st_mode) and found.st_size > _INLINE_LINK:
        return 1
    return 0


def _file_blocks(path: str, found: os.stat_result) -> int:
    """Blocks of a file; of a sparse one only those that hold something, as mke2fs writes it."""
    if found.st_blocks * _SECTOR >= found.st_size:
        return -(-found.st_size // BLOCK)
    with Path(path).open("rb") as stream:
        return sum(_filled(stream.fileno(), *extent) for extent in extents.of(stream.fileno()))


def _filled(descriptor: int, start: int, end: int) -> int:
    first = start // BLOCK * BLOCK
    return sum(any(os.pread(descriptor, BLOCK, at)) for at in range(first, end, BLOCK))


def _directory_blocks(names: Sequence[str]) -> int:
    """Blocks of a directory, with the index that a directory of several blocks has."""
    total = 2 * (_ENTRY_HEAD + 4) + sum(
        _ENTRY_HEAD + -(-len(os.fsencode(name)) // 4) * 4 for name in names
    )
    blocks = -(-total // (BLOCK - _BLOCK_TAIL))
    return blocks if blocks == 1 else blocks + 1
