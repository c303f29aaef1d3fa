"""What a file is, by its first and last bytes; its name does not count."""

from __future__ import annotations

import stat
from enum import Enum
from errno import EACCES
from pathlib import Path

from livecd_rootfs.inspection.unreadable import AS_OWNER, KNOWN, Unreadable

SECTOR = 512
_VHD = b"conectix"


class Format(Enum):
    """Formats of files, and how they are called."""

    QCOW2 = "qcow2"
    VMDK = "vmdk"
    VHD = "vhd"
    VHDX = "vhdx"
    VDI = "vdi"
    SQUASHFS = "squashfs"
    TAR = "tar"
    CPIO = "cpio"
    GZIP = "gzip"
    XZ = "xz"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    EFI = "EFI program"
    OTHER = "raw"


COMPRESSIONS = frozenset({Format.GZIP, Format.XZ, Format.ZSTD, Format.BZIP2})
# QEMU's names of those that it converts.
QEMU = {
    Format.QCOW2: "qcow2",
    Format.VMDK: "vmdk",
    Format.VHD: "vpc",
    Format.VHDX: "vhdx",
    Format.VDI: "vdi",
}
# What each member of a cpio archive begins with: without and with check sums.
CPIO = (b"070701", b"070702")
_MAGIC = (
    (0, b"QFI\xfb", Format.QCOW2),
    (0, b"KDMV", Format.VMDK),
    (0, b"COWD", Format.VMDK),
    (0, b"# Disk DescriptorFile", Format.VMDK),
    (0, b"vhdxfile", Format.VHDX),
    (0x40, b"\x7f\x10\xda\xbe", Format.VDI),
    (0, b"hsqs", Format.SQUASHFS),
    (0, b"\x1f\x8b", Format.GZIP),
    (0, b"\xfd7zXZ\0", Format.XZ),
    (0, b"\x28\xb5\x2f\xfd", Format.ZSTD),
    (0, b"BZh", Format.BZIP2),
    (0, b"MZ", Format.EFI),
    *((0, magic, Format.CPIO) for magic in CPIO),
    (257, b"ustar", Format.TAR),
)
# What people mistake for an image of ours, and another program opens.
_FOREIGN = (
    (0, b"QFI\xfb\0\0\0\1", "a qcow image of version 1"),
    (0, b"QED\0", "a QED image"),
    (0, b"WithoutFreeSpace", "a Parallels image"),
    (0, b"WithouFreSpacExt", "a Parallels image"),
    (0, b"070707", "a cpio archive of the old form"),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4"),
    (0, b"\x02\x21\x4c\x18", "compressed with lz4"),
    (0, b"\x89LZO\0", "compressed with lzop"),
    (0, b"LZIP", "compressed with lzip"),
    (0, b"\x5d\0\0", "compressed with lzma"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"!<arch>\n", "an ar archive, such as a Debian package"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"\x7fELF", "an ELF program"),
)
_NO_FILES = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_TO_A_FILE = "copy its content to a file first"


def detect(path: Path) -> Format:
    """The format of a file; ``OTHER`` are raw disks and file systems, and what nobody knows.

    Raises:
        Unreadable: it can't be read, is no file or is empty.
    """
    try:
        # Opening a pipe would wait for a writer.
        if other := _NO_FILES.get(stat.S_IFMT(path.stat().st_mode)):
            raise Unreadable(f"it is {other}, and no file", remedy=_TO_A_FILE)
        with path.open("rb") as stream:
            head = stream.read(SECTOR)
            size = stream.seek(0, 2)
            stream.seek(max(0, size - SECTOR))
            tail = stream.read(SECTOR)
    except OSError as error:
        told = f"it can't be read: {error.strerror}"
        remedy = AS_OWNER if error.errno == EACCES else "name a file that is there"
        raise Unreadable(told, remedy=remedy) from error
    if not head:
        raise Unreadable("it is empty")
    if other := next((name for at, magic, name in _FOREIGN if head.startswith(magic, at)), None):
        raise Unreadable(f"it is {other}, which is not read here", remedy=KNOWN)
    return of_bytes(head, tail)


def of_bytes(head: bytes, tail: bytes) -> Format:
    """The format of a file that begins and ends with these sectors."""
    if head.startswith(_VHD) or tail.startswith(_VHD):
        return Format.VHD
    for offset, magic, found in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return found
    return Format.OTHER
