"""The list of a root's files: ``./`` paths in the order of their bytes, as ``find | sort``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path


def of(root: Path) -> bytes:
    """One path a line; see ``paths``."""
    return lines(paths(root))


def lines(names: Iterable[bytes]) -> bytes:
    """Paths in the order of their bytes, one a line."""
    return b"".join(name + b"\n" for name in sorted(names))


def paths(root: Path) -> Iterator[bytes]:
    """Every path of a root; other file systems that are mounted in it are left out.

    The names are bytes, as in the file system: nothing says they are UTF-8.
    """
    yield b"."
    yield from (path for path, _ in entries(root))


def entries(
    root: Path, without: frozenset[bytes] = frozenset()
) -> Iterator[tuple[bytes, os.DirEntry[bytes]]]:
    """What ``paths`` gives but for the root itself, with what a directory tells of it.

    Each directory stands right before its content, and names in the order of their bytes.

    Args:
        root: the root.
        without: paths that are left out, with what is below them.
    """
    top = os.fsencode(root)
    device = os.lstat(top).st_dev
    pending = _content(top, b".")
    while pending:
        path, entry = pending.pop()
        if path in without:
            continue
        yield path, entry
        if entry.is_dir(follow_symlinks=False) and _on(device, entry):
            pending += _content(entry.path, path)


def _content(folder: bytes, name: bytes) -> list[tuple[bytes, os.DirEntry[bytes]]]:
    """The entries of a directory, the first one last."""
    with os.scandir(folder) as found:
        ordered = sorted(found, key=attrgetter("name"), reverse=True)
    return [(name + b"/" + entry.name, entry) for entry in ordered]


def _on(device: int, entry: os.DirEntry[bytes]) -> bool:
    return entry.stat(follow_symlinks=False).st_dev == device
