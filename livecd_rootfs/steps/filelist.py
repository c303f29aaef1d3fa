"""The list of a root's files: ``./`` paths in the order of their bytes, as ``find | sort``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def of(root: Path) -> bytes:
    """One path a line; other file systems that are mounted in the root are left out.

    The names are bytes, as in the file system: nothing says they are UTF-8.
    """
    top = os.fsencode(root)
    paths = sorted(_below(top, b".", os.lstat(top).st_dev))
    return b"".join(path + b"\n" for path in (b".", *paths))


def _below(folder: bytes, name: bytes, device: int) -> Iterator[bytes]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = name + b"/" + entry.name
            yield path
            if entry.is_dir(follow_symlinks=False) and _on(device, entry):
                yield from _below(entry.path, path, device)


def _on(device: int, entry: os.DirEntry[bytes]) -> bool:
    return entry.stat(follow_symlinks=False).st_dev == device
