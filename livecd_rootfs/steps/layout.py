"""The partition table of a cloud image, as a value."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.imagesize import MIB, STEP, round_up
from livecd_rootfs.values import Value
from livecd_rootfs.variants import GRUB

SECTOR = 512
ALIGNMENT = MIB // SECTOR
# GPT keeps 33 sectors at the end for its second copy (UEFI specification, 5.3.1).
TAIL_SECTORS = 33
BIOS_BOOT_SECTORS = 4 * MIB // SECTOR
ESP_SECTORS = 106 * MIB // SECTOR
# For unified kernel images: several of the larger ones, of 100 MiB each.
LARGE_ESP_SECTORS = 512 * MIB // SECTOR


class Type(Enum):
    """Partition types: UEFI specification, table 5.7; UAPI group, Discoverable Partitions."""

    BIOS_BOOT = UUID("21686148-6449-6e6f-744e-656564454649")
    ESP = UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
    XBOOTLDR = UUID("bc13c2ff-59e6-4262-a352-b275fd6f7172")
    ROOT_AMD64 = UUID("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")
    ROOT_ARM64 = UUID("b921b045-1df0-41c3-af44-4c6f280d3fae")
    ROOT_VERITY_AMD64 = UUID("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5")
    ROOT_VERITY_ARM64 = UUID("df3300ce-d69f-4c92-978c-9bfb0f38d820")
    LINUX = UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")


ROOT_TYPES = {"amd64": Type.ROOT_AMD64, "arm64": Type.ROOT_ARM64}
VERITY_TYPES = {"amd64": Type.ROOT_VERITY_AMD64, "arm64": Type.ROOT_VERITY_ARM64}
# Who starts a disk by BIOS at all.
BIOS_ARCHITECTURES = frozenset({"amd64", "i386"})

ROOT, VERITY, XBOOTLDR, BIOS_BOOT, ESP = 1, 2, 13, 14, 15


class Partition(Value):
    """One entry; ``start`` and ``sectors`` count sectors of 512 bytes."""

    number: int
    type: Type
    guid: UUID
    start: int
    sectors: int

    @property
    def offset(self) -> int:
        """Where it begins, in bytes."""
        return self.start * SECTOR

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.sectors * SECTOR

    @property
    def last(self) -> int:
        """Its last sector."""
        return self.start + self.sectors - 1


class Layout(Value):
    """A whole disk; ``partitions`` are in the order in which they lie on it."""

    guid: UUID
    sectors: int
    partitions: tuple[Partition, ...]

    def __getitem__(self, number: int) -> Partition:
        return next(part for part in self.partitions if part.number == number)

    def has(self, number: int) -> bool:
        """Whether there is a partition of this number."""
        return any(part.number == number for part in self.partitions)

    @property
    def size(self) -> int:
        """The disk's size in bytes."""
        return self.sectors * SECTOR


def lay_out(context: Context, *, size: int, boot_size: int = 0) -> Layout:
    """The layout that cloud images have, with the root last so that it can grow.

    The numbers are those that cloud tools know: 1 root, 13 the boot loader's
    own /boot (XBOOTLDR), 14 BIOS boot, 15 EFI system partition.

    Args:
        context: gives the architecture and the ids.
        size: bytes of the whole disk.
        boot_size: bytes of a /boot partition; 0 for none.
    """
    fixed = _fixed(context, boot_size)
    sectors = size // SECTOR
    start = first_free(context, boot_size)
    end = (sectors - TAIL_SECTORS) // ALIGNMENT * ALIGNMENT
    root_type = ROOT_TYPES.get(context.arch, Type.LINUX)
    entries = (*fixed, (ROOT, root_type, start, end - start))
    return Layout(
        guid=context.id("disk"),
        sectors=sectors,
        partitions=tuple(
            Partition(
                number=number,
                type=kind,
                guid=context.id(f"partition {number}"),
                start=begin,
                sectors=length,
            )
            for number, kind, begin, length in entries
        ),
    )


def _fixed(context: Context, boot_size: int) -> tuple[tuple[int, Type, int, int], ...]:
    """What lies before the root: number, type, first sector, length.

    The ESP is where it is with a BIOS boot partition, also without one, so
    that all architectures have the root at one place.
    """
    grub = context.bootloader == GRUB
    bios = (BIOS_BOOT, Type.BIOS_BOOT, ALIGNMENT, BIOS_BOOT_SECTORS)
    size = ESP_SECTORS if grub else LARGE_ESP_SECTORS
    esp = (ESP, Type.ESP, ALIGNMENT + BIOS_BOOT_SECTORS, size)
    boot = (XBOOTLDR, Type.XBOOTLDR, esp[2] + esp[3], round_up(boot_size, STEP) // SECTOR)
    return (
        *((bios,) if grub and context.arch in BIOS_ARCHITECTURES else ()),
        esp,
        *((boot,) if boot_size else ()),
    )


def first_free(context: Context, boot_size: int = 0) -> int:
    """The sector at which the root begins."""
    _, _, start, length = _fixed(context, boot_size)[-1]
    return start + length


def disk_size(context: Context, *, root_size: int, boot_size: int = 0) -> int:
    """Bytes of the smallest disk whose root partition has ``root_size`` bytes."""
    end = first_free(context, boot_size) + round_up(root_size, STEP) // SECTOR
    return round_up((end + TAIL_SECTORS) * SECTOR, STEP)
