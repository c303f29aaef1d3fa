"""The block map of a disk: which of its blocks hold something, for ``bmaptool copy``.

The format is version 2.0 of bmap-tools. A block counts as mapped where the disk's
file is no hole: where a tool has written, be it zeros that must be there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.steps import extents

BLOCK = 4096
# The map's own checksum is that of the map with this in its place.
_NO_CHECKSUM = "0" * 64
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Blocks that are mapped: the first, the last, and the SHA-256 of what they hold."""

    first: int
    last: int
    sha256: str

    @property
    def blocks(self) -> int:
        """How many there are."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def of(disk: Path) -> bytes:
    """The map of a disk."""
    return text(disk.stat().st_size, tuple(_ranges(disk))).encode()


def text(size: int, ranges: tuple[Range, ...]) -> str:
    """A map as XML, with its own checksum in it.

    Args:
        size: bytes of the disk.
        ranges: its mapped blocks, in order.
    """
    plain = _document(size, ranges, _NO_CHECKSUM)
    return _document(size, ranges, hashlib.sha256(plain.encode()).hexdigest())


def _document(size: int, ranges: tuple[Range, ...], checksum: str) -> str:
    fields = {
        "ImageSize": size,
        "BlockSize": BLOCK,
        "BlocksCount": -(-size // BLOCK),
        "MappedBlocksCount": sum(each.blocks for each in ranges),
        "ChecksumType": "sha256",
        "BmapFileChecksum": checksum,
    }
    head = "".join(f"    <{name}> {value} </{name}>\n" for name, value in fields.items())
    rows = "".join(f'        <Range chksum="{each.sha256}"> {each} </Range>\n' for each in ranges)
    return (
        '<?xml version="1.0" ?>\n<bmap version="2.0">\n'
        f"{head}    <BlockMap>\n{rows}    </BlockMap>\n</bmap>\n"
    )


def _ranges(disk: Path) -> Iterator[Range]:
    size = disk.stat().st_size
    with disk.open("rb") as stream:
        for first, end in _joined(extents.of(stream.fileno())):
            stream.seek(first * BLOCK)
            digest, left = hashlib.sha256(), min(end * BLOCK, size) - first * BLOCK
            while left:
                piece = stream.read(min(left, _CHUNK))
                digest.update(piece)
                left -= len(piece)
            yield Range(first=first, last=end - 1, sha256=digest.hexdigest())


def _joined(found: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Bytes as whole blocks, first and the one after the last; neighbours together."""
    begin = stop = -1
    for start, end in found:
        first, after = start // BLOCK, -(-end // BLOCK)
        if first > stop:
            if begin >= 0:
                yield begin, stop
            begin, stop = first, after
        else:
            stop = max(stop, after)
    if begin >= 0:
        yield begin, stop
