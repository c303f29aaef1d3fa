"""Block maps of sparse files: ranges, an end within a block, and the map's own checksum."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from livecd_rootfs.image import bmap

BLOCK = bmap.BLOCK


def sparse(path: Path, size: int, *blocks: int) -> Path:
    with path.open("wb") as stream:
        stream.truncate(size)
        for block in blocks:
            stream.seek(block * BLOCK)
            stream.write(bytes([block + 1]) * min(BLOCK, size - block * BLOCK))
    return path


def test_ranges_and_checksums(tmp_path: Path) -> None:
    text = bmap.of(sparse(tmp_path / "disk", 9 * BLOCK + 100, 0, 3, 4, 9)).decode()
    assert re.findall(r"> (\S+) </Range>", text) == ["0", "3-4", "9"]
    middle = hashlib.sha256(b"\4" * BLOCK + b"\5" * BLOCK).hexdigest()
    last = hashlib.sha256(b"\x0a" * 100).hexdigest()
    assert re.findall(r'chksum="(\w+)"', text)[1:] == [middle, last]
    assert "<BlocksCount> 10 <" in text
    assert "<MappedBlocksCount> 4 <" in text
    own = re.findall(r"<BmapFileChecksum> (\w+) <", text)[0]
    assert hashlib.sha256(text.replace(own, "0" * 64).encode()).hexdigest() == own


def test_a_file_of_holes(tmp_path: Path) -> None:
    text = bmap.of(sparse(tmp_path / "disk", 3 * BLOCK)).decode()
    assert "<MappedBlocksCount> 0 <" in text
    assert "<Range" not in text
