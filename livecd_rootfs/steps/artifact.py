"""A file that appears in the build directory whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a temporary name in the same directory; on success it becomes ``path``.

    The temporary name begins with a dot, so that nothing that gathers
    ``livecd.*`` takes it, and it is always the same, so that what a killed run
    left is overwritten by the next.

    Args:
        path: the file to make; an old one is replaced.
    """
    part = temporary(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    try:
        yield part
        _flush(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def temporary(path: Path) -> Path:
    """The name that a file has until it is complete."""
    return path.with_name(f".{path.name}.part")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes) -> None:
    """Write a small file whole."""
    with appearing(path) as part:
        part.write_bytes(content)
