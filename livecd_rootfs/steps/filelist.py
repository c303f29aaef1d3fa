"""The list of a root's files: ``./`` paths in the order of their bytes, as ``find | sort``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
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


def entries(root: Path) -> Iterator[tuple[bytes, os.DirEntry[bytes]]]:
    """What ``paths`` gives but for the root itself, with what a directory tells of it."""
    top = os.fsencode(root)
    device = os.lstat(top).st_dev
    pending = [(top, b".")]
    while pending:
        folder, name = pending.pop()
        with os.scandir(folder) as found:
            for entry in found:
                path = name + b"/" + entry.name
                yield path, entry
                if entry.is_dir(follow_symlinks=False) and _on(device, entry):
                    pending.append((entry.path, path))


def _on(device: int, entry: os.DirEntry[bytes]) -> bool:
    return entry.stat(follow_symlinks=False).st_dev == device
