"""The tree in a directory of this machine: a root that was not packed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from livecd_rootfs.inspection import attributes
from livecd_rootfs.inspection.tree import KINDS, Entry, Kind, Tree, digest_of
from livecd_rootfs.inspection.unreadable import AS_OWNER, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The plain files of a directory."""

    folder: Path

    def read(self, path: str) -> bytes:
        """The content of one file."""
        with _readable():
            return (self.folder / path).read_bytes()

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of files."""
        found = {}
        for path in paths:
            with _readable(), (self.folder / path).open("rb") as stream:
                found[path] = digest_of(stream)
        return found


def read(folder: Path) -> Tree:
    """The tree of a directory, links not followed; itself is the root.

    Of a file system that is mounted in it only the mount point is told.

    Raises:
        Unreadable: a part of it can't be read.
    """
    with _readable():
        entries = {"": _entry(folder)}
        device = folder.stat().st_dev
        for above, folders, files in os.walk(folder, onerror=_refuse):
            for path in (Path(above, name) for name in (*folders, *files)):
                entries[str(path.relative_to(folder))] = _entry(path)
            folders[:] = [each for each in folders if Path(above, each).lstat().st_dev == device]
    return Tree(entries=entries, source=Files(folder=folder))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = f"its {error.filename} can't be read"
        raise Unreadable(told, why=error.strerror, remedy=AS_OWNER) from error


def _refuse(error: OSError) -> NoReturn:
    raise error


def _entry(path: Path) -> Entry:
    found = path.lstat()
    kind = KINDS[stat.S_IFMT(found.st_mode)]
    target = ""
    if kind is Kind.LINK:
        target = os.readlink(path)  # noqa: PTH115 (Path.readlink would tidy it up)
    elif kind in {Kind.CHARACTER, Kind.BLOCK}:
        target = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    return Entry(
        kind=kind,
        mode=stat.S_IMODE(found.st_mode),
        owner=(found.st_uid, found.st_gid),
        size=found.st_size if kind is Kind.FILE else 0,
        target=target,
        attributes={
            name: os.getxattr(path, name, follow_symlinks=False)
            for name in os.listxattr(path, follow_symlinks=False)
            if attributes.counts(name)
        },
    )
