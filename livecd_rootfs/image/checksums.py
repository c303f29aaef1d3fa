"""SHA256SUMS of what is shipped: made last, when everything is compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def text(paths: Iterable[Path]) -> str:
    """The checksums of files, sorted by name, as sha256sum(1) writes and reads them."""
    files = sorted(paths, key=lambda path: path.name)
    return "".join(f"{_sha256(path)} *{path.name}\n" for path in files)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
