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
    top = os.fsencode(root)
    yield from _below(top, b".", os.lstat(top).st_dev)


def _below(folder: bytes, name: bytes, device: int) -> Iterator[bytes]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = name + b"/" + entry.name
            yield path
            if entry.is_dir(follow_symlinks=False) and _on(device, entry):
                yield from _below(entry.path, path, device)


def _on(device: int, entry: os.DirEntry[bytes]) -> bool:
    return entry.stat(follow_symlinks=False).st_dev == device
