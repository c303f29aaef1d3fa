"""A GUID partition table, as the bytes that go onto the disk.

The format is that of the UEFI specification, 5.2 and 5.3: a protective MBR, a
header and 128 entries behind it, and a copy of both at the disk's end.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps.layout import SECTOR, Layout, Partition

ENTRIES = 128
ENTRY_SIZE = 128
ENTRY_SECTORS = ENTRIES * ENTRY_SIZE // SECTOR
FIRST_USABLE = 2 + ENTRY_SECTORS
BOOT_CODE_SIZE = 440
_HEADER_SIZE = 92
_REVISION = 0x00010000
# Type, id, first sector, last sector, attributes; the name is left empty.
_ENTRY = struct.Struct("<16s16sQQQ")
_MBR_SECTORS_MAX = 0xFFFFFFFF


def write(disk: Path, layout: Layout, boot_code: bytes = b"") -> None:
    """Write the table, with the boot code of the MBR, into a disk that exists."""
    with disk.open("r+b") as stream:
        stream.write(primary(layout, boot_code))
        stream.seek((layout.sectors - ENTRY_SECTORS - 1) * SECTOR)
        stream.write(backup(layout))


def primary(layout: Layout, boot_code: bytes = b"") -> bytes:
    """The first sectors of the disk: protective MBR, header, entries.

    Args:
        layout: the partitions.
        boot_code: at most 440 bytes that a BIOS runs.
    """
    return _mbr(layout, boot_code) + _header(layout, here=1) + _entries(layout)


def backup(layout: Layout) -> bytes:
    """The last sectors of the disk: entries, header."""
    return _entries(layout) + _header(layout, here=layout.sectors - 1)


def find(disk: Path, number: int) -> tuple[int, int]:
    """Where a partition of a disk of ours lies: first byte and length.

    Raises:
        LivecdError: there is no such partition.
    """
    with disk.open("rb") as stream:
        stream.seek((2 * SECTOR) + (number - 1) * ENTRY_SIZE)
        entry = stream.read(_ENTRY.size)
    kind, _, first, last, _ = _ENTRY.unpack(entry.ljust(_ENTRY.size, b"\0"))
    if not any(kind):
        raise LivecdError(f"the disk has no partition {number}", place=disk.name)
    return first * SECTOR, (last + 1 - first) * SECTOR


def _mbr(layout: Layout, boot_code: bytes) -> bytes:
    """One partition of type 0xEE over the whole disk, for tools that know no GPT."""
    count = min(layout.sectors - 1, _MBR_SECTORS_MAX)
    entry = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, count)
    return boot_code.ljust(446, b"\0") + entry.ljust(64, b"\0") + b"\x55\xaa"


def _header(layout: Layout, *, here: int) -> bytes:
    last = layout.sectors - 1
    other, table = (last, 2) if here == 1 else (1, last - ENTRY_SECTORS)
    checksum = zlib.crc32(_entries(layout))

    def packed(crc: int) -> bytes:
        return struct.pack(
            "<8sIIIIQQQQ16sQIII",
            b"EFI PART",
            _REVISION,
            _HEADER_SIZE,
            crc,
            0,
            here,
            other,
            FIRST_USABLE,
            last - ENTRY_SECTORS - 1,
            layout.guid.bytes_le,
            table,
            ENTRIES,
            ENTRY_SIZE,
            checksum,
        )

    return packed(zlib.crc32(packed(0))).ljust(SECTOR, b"\0")


def _entries(layout: Layout) -> bytes:
    by_number = {part.number: part for part in layout.partitions}
    return b"".join(_entry(by_number.get(number)) for number in range(1, ENTRIES + 1))


def _entry(part: Partition | None) -> bytes:
    if part is None:
        return bytes(ENTRY_SIZE)
    kind, guid = part.type.value.bytes_le, part.guid.bytes_le
    return _ENTRY.pack(kind, guid, part.start, part.last, 0).ljust(ENTRY_SIZE, b"\0")
