"""The tree in a FAT file system, copied out by mtools from its place in a disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.tree import Entry, Kind, Tree, digest_of
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.process import CommandError


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Files in a directory of our own."""

    path: Path

    def read(self, path: str) -> bytes:
        """The content of one file."""
        return (self.path / path).read_bytes()

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of files."""
        found = {}
        for path in paths:
            with (self.path / path).open("rb") as stream:
                found[path] = digest_of(stream)
        return found


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
        entries={name: _entry(path) for name, path in paths.items()}, source=Folder(path=folder)
    )


def _entry(path: Path) -> Entry:
    if path.is_dir():
        return Entry(kind=Kind.DIRECTORY, mode=None, owner=None)
    return Entry(kind=Kind.FILE, mode=None, owner=None, size=path.stat().st_size)
