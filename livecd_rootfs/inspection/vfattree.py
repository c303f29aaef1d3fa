"""The tree in a FAT file system, copied out by mtools from its place in a disk."""

from __future__ import annotations

import struct
from pathlib import Path

from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.foldertree import Files
from livecd_rootfs.inspection.tree import Entry, Kind, Tree
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.process import CommandError

# Of the first sector: the bytes of a sector, and how many there are, in one of two fields.
_HEAD = struct.Struct("<11xH6xH11xI")


def read(bench: Bench, image: Path, offset: int) -> Tree:
    """The tree of a FAT file system, which knows neither modes nor owners.

    Raises:
        Unreadable: mtools can't read it.
    """
    folder = bench.place(".vfat")
    folder.mkdir()
    copy = ["mcopy", "-s", "-n", "-Q", "-i", f"{image}@@{offset}", "::/", folder.name]
    try:
        bench.run(copy, image, mtools=True)
    except CommandError as error:
        said = error.completed.stderr.strip().splitlines()
        raise Unreadable(
            "its FAT file system can't be read", why=said[0] if said else None
        ) from error
    paths = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))}
    return Tree(
        entries={name: _entry(path) for name, path in paths.items()}, source=Files(folder=folder)
    )


def room(image: Path, start: int) -> int:
    """Bytes of a file system; 0 where it does not tell.

    Args:
        image: the disk or the file system.
        start: where in the image it begins, in bytes.
    """
    with image.open("rb") as stream:
        stream.seek(start)
        head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return 0
    sector, few, many = _HEAD.unpack(head)
    return int(sector) * int(few or many)


def _entry(path: Path) -> Entry:
    if path.is_dir():
        return Entry(kind=Kind.DIRECTORY, mode=None, owner=None)
    return Entry(kind=Kind.FILE, mode=None, owner=None, size=path.stat().st_size)
