"""What a file is, by its first and last bytes; its name does not count."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from livecd_rootfs.inspection.unreadable import Unreadable

_SECTOR = 512
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


def detect(path: Path) -> Format:
    """The format of a file; ``OTHER`` are raw disks and file systems, and what nobody knows.

    Raises:
        Unreadable: it can't be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_SECTOR)
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _SECTOR))
            tail = stream.read(_SECTOR)
    except OSError as error:
        raise Unreadable(f"it can't be read: {error.strerror}") from error
    if not head:
        raise Unreadable("it is empty")
    return of_bytes(head, tail)


def of_bytes(head: bytes, tail: bytes) -> Format:
    """The format of a file that begins and ends with these sectors."""
    if head.startswith(_VHD) or tail.startswith(_VHD):
        return Format.VHD
    for offset, magic, found in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return found
    return Format.OTHER
