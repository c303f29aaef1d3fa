"""A VMDK of the kind streamOptimized, which OVF packages carry: the bytes of its parts.

The layout is that of VMware's technical note "Virtual Disk Format 5.0": header,
descriptor, compressed grains with the table of each 512 of them behind these,
the directory of the tables, a footer, and the mark of the end. What importers
look at beyond that:

- ESXi refuses other versions than 3 ("sparse VMDK version too old").
- The end-of-stream marker must be the last sector, right behind the footer.
  ESXi refuses a stream without it, and ovftool and vSphere, who hash a stream
  as they read it, then find a digest that does not match the manifest. Such
  are the files of qemu-img, which Talos and Flatcar therefore don't use.
- Grains begin at the sector that ``overHead`` names, not where the descriptor
  ends, and lie in the order of the disk: a reader of the stream can't go back.
- The header says that the directory is at the end; the footer says where.
- A content id of all ones, or one less, means "no parent" or a disk of zeroes.
- ``ddb.toolsVersion`` is what makes vSphere take the tools in the guest for the
  distribution's own, instead of offering to replace them.
"""

from __future__ import annotations

import struct
from enum import Enum
from uuid import UUID

from livecd_rootfs.values import Value

SECTOR = 512
GRAIN_SECTORS = 128
GRAIN = GRAIN_SECTORS * SECTOR
TABLE_ENTRIES = 512
# Where VMware's own tools let the grains begin.
OVERHEAD = 128
DESCRIPTOR_START, DESCRIPTOR_SECTORS = 1, 20
MAGIC = b"KDMV"
VERSION = 3
# Line ends are checked; grains are compressed; grains and tables have markers.
FLAGS = 1 << 0 | 1 << 16 | 1 << 17
DIRECTORY_AT_END = 0xFFFF_FFFF_FFFF_FFFF
# What breaks when a transfer changes line ends.
LINE_ENDS = b"\n \r\n"
DEFLATE = 1
HEADS, TRACK_SECTORS, MOST_CYLINDERS = 255, 63, 65535
# "The guest's own open-vm-tools" (the default of VMware's open-vmdk).
TOOLS_VERSION = 2147483647
RESERVED_CONTENT_IDS = 0xFFFF_FFFE
_HEADER = "<4sIIQQQQIQQQB4sH"


class Mark(Enum):
    """What a marker announces; that of a grain has no number, but a size."""

    END_OF_STREAM = 0
    TABLE = 1
    DIRECTORY = 2
    FOOTER = 3


class Disk(Value):
    """A disk that becomes a VMDK.

    Attributes:
        name: of the VMDK's file.
        size: bytes; the last sector is filled up.
        id: what the content id is derived from.
    """

    name: str
    size: int
    id: UUID

    @property
    def sectors(self) -> int:
        """Its length in sectors."""
        return -(-self.size // SECTOR)

    @property
    def tables(self) -> int:
        """How many tables of grains it takes."""
        return -(-self.size // (GRAIN * TABLE_ENTRIES))


def head(disk: Disk) -> bytes:
    """All that is before the first grain."""
    text = descriptor(disk).encode()
    return padded(header(disk) + text, OVERHEAD)


def header(disk: Disk, *, directory: int = DIRECTORY_AT_END) -> bytes:
    """The header, or the footer, which is the same and knows where the directory is.

    Args:
        disk: the disk.
        directory: the sector of the directory.
    """
    packed = struct.pack(
        _HEADER,
        MAGIC,
        VERSION,
        FLAGS,
        disk.sectors,
        GRAIN_SECTORS,
        DESCRIPTOR_START,
        DESCRIPTOR_SECTORS,
        TABLE_ENTRIES,
        0,  # no second directory
        directory,
        OVERHEAD,
        0,  # shut down cleanly
        LINE_ENDS,
        DEFLATE,
    )
    return padded(packed, 1)


def descriptor(disk: Disk) -> str:
    """The text that describes the disk, and is found in the file by ``grep -a``."""
    cylinders = min(MOST_CYLINDERS, -(-disk.sectors // (HEADS * TRACK_SECTORS)))
    short, long = content_id(disk.id), disk.id.hex
    return f"""\
# Disk DescriptorFile
version=1
encoding="UTF-8"
CID={short:08x}
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW {disk.sectors} SPARSE "{disk.name}"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "{cylinders}"
ddb.geometry.heads = "{HEADS}"
ddb.geometry.sectors = "{TRACK_SECTORS}"
ddb.longContentID = "{long[:24]}{short:08x}"
ddb.toolsVersion = "{TOOLS_VERSION}"
ddb.virtualHWVersion = "4"
"""


def content_id(source: UUID) -> int:
    """Thirty-two bits that name the content, and none of those that mean something else."""
    return source.int % RESERVED_CONTENT_IDS


def grain(number: int, compressed: bytes) -> bytes:
    """A grain with its marker, in whole sectors.

    Args:
        number: the grain's place on the disk.
        compressed: its content, in zlib's format (RFC 1950).
    """
    marker = struct.pack("<QI", number * GRAIN_SECTORS, len(compressed))
    return padded(marker + compressed)


def marked(mark: Mark, content: bytes = b"") -> bytes:
    """A part that is no grain, behind its marker."""
    body = padded(content)
    return padded(struct.pack("<QII", len(body) // SECTOR, 0, mark.value), 1) + body


def entries(values: list[int]) -> bytes:
    """A table or a directory: sectors, 0 for what is not there."""
    return struct.pack(f"<{len(values)}I", *values)


def padded(content: bytes, sectors: int = 0) -> bytes:
    """Filled up with zeroes to whole sectors, at least so many."""
    return content.ljust(max(sectors, -(-len(content) // SECTOR)) * SECTOR, b"\0")
