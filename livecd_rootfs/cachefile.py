"""Files of the cache, which hold what can be found out anew: whole, or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def keep(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; a cache that can't be written is done without.

    Several processes may write it at once: the last one's stays.

    Args:
        path: the file; directories above it are made.
        content: what it holds.
    """
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    with suppress(OSError):
        part.unlink()
