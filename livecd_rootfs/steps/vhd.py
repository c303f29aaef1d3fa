"""A fixed VHD, as Azure takes it: the raw disk, and a footer of one sector behind it.

The footer is that of Microsoft's "Virtual Hard Disk Image Format Specification",
version 1.0; its numbers are big-endian. Azure takes no other kind than fixed, and
no size but whole MiB ("Prepare a Linux VHD for upload"). The size counts, not
the geometry, which can't say every one: readers such as QEMU go by the size when
the creator is one of those known to set it, of which ``win`` is the format's own.
"""

from __future__ import annotations

import struct
from uuid import UUID

from livecd_rootfs.values import Value

COOKIE = b"conectix"
CREATOR = b"win "
CREATOR_HOST = b"Wi2k"
CREATOR_VERSION = 0x000A_0000
# A bit that is always set, and no other.
FEATURES = 2
FORMAT_VERSION = 0x0001_0000
NO_TABLES = 0xFFFF_FFFF_FFFF_FFFF
FIXED = 2
FOOTER = 512
MIB = 1 << 20
# Times count from 2000-01-01 00:00 UTC.
EPOCH_2000 = 946_684_800
_FIELDS = ">8sIIQI4sI4sQQHBBII16sB"
_CHECKSUM_AT = 64
_MOST_CYLINDERS, _OLD_CYLINDERS, _MOST_HEADS, _LONGEST_OF_OLD = 65535, 1024, 16, 63
_MOST_SECTORS = _MOST_CYLINDERS * _MOST_HEADS * 255


class Geometry(Value):
    """Cylinders, heads, and sectors of a track."""

    cylinders: int
    heads: int
    sectors: int


def footer(*, size: int, id: UUID, epoch: int) -> bytes:  # noqa: A002 (the format's own word)
    """The footer of a disk.

    Args:
        size: bytes of the disk.
        id: of the disk.
        epoch: when it was made, seconds since 1970; what is before 2000 counts as that.
    """
    shape = geometry(size // 512)
    packed = struct.pack(
        _FIELDS,
        COOKIE,
        FEATURES,
        FORMAT_VERSION,
        NO_TABLES,
        max(0, epoch - EPOCH_2000),
        CREATOR,
        CREATOR_VERSION,
        CREATOR_HOST,
        size,
        size,
        shape.cylinders,
        shape.heads,
        shape.sectors,
        FIXED,
        0,
        id.bytes,
        0,
    ).ljust(FOOTER, b"\0")
    total = struct.pack(">I", checksum(packed))
    return packed[:_CHECKSUM_AT] + total + packed[_CHECKSUM_AT + 4 :]


def checksum(packed: bytes) -> int:
    """The one's complement of the sum of all bytes but the checksum's own."""
    counted = packed[:_CHECKSUM_AT] + packed[_CHECKSUM_AT + 4 :]
    return ~sum(counted) & 0xFFFF_FFFF


def geometry(sectors: int) -> Geometry:
    """The geometry for so many sectors, by the specification's appendix."""
    total = min(sectors, _MOST_SECTORS)
    if total >= _MOST_CYLINDERS * _MOST_HEADS * _LONGEST_OF_OLD:
        return Geometry(cylinders=total // 255 // _MOST_HEADS, heads=_MOST_HEADS, sectors=255)
    for track, fewest in ((17, 4), (31, _MOST_HEADS)):
        rows = total // track
        heads = max(-(-rows // _OLD_CYLINDERS), fewest)
        if heads <= _MOST_HEADS and rows < heads * _OLD_CYLINDERS:
            return Geometry(cylinders=rows // heads, heads=heads, sectors=track)
    rows = total // _LONGEST_OF_OLD
    return Geometry(cylinders=rows // _MOST_HEADS, heads=_MOST_HEADS, sectors=_LONGEST_OF_OLD)
