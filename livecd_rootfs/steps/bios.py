"""GRUB for a PC's BIOS, put onto a disk without the disk being a device.

The MBR's code loads ``core.img`` from the BIOS boot partition. What is written
where is what grub-bios-setup does; the offsets are those of GRUB's
``include/grub/i386/pc/boot.h``.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import rooted, target
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.gpt import BOOT_CODE_SIZE
from livecd_rootfs.steps.grub import Place
from livecd_rootfs.steps.layout import SECTOR, Partition
from livecd_rootfs.values import Value

MODULES = "usr/lib/grub/i386-pc"
INSTALLED = "boot/grub/i386-pc"
# Enough to read the file system; GRUB loads everything else from there.
CORE_MODULES = ("biosdisk", "part_gpt", "ext2")
_KERNEL_SECTOR = 0x5C
_DRIVE_CHECK = 0x66
_BLOCK_LIST = SECTOR - 12
_NO_OPERATION = b"\x90\x90"


class Bios(Value):
    """GRUB's two parts as its packages have them: what loads, and what is loaded."""

    boot: bytes
    core: bytes


def is_there(root: Path) -> bool:
    """Whether a root has this GRUB (Debian: grub-pc-bin)."""
    return rooted.resolve(root, f"{MODULES}/boot.img").is_file()


def install(context: Context, root: Path, place: Place) -> Bios:
    """Put the modules into a root's /boot and make the core.

    The core is made by the target's own grub-mkimage, which always fits its modules.

    Args:
        context: the build.
        root: the root, as it goes onto the disk.
        place: where /boot is.
    """
    folder = copy_modules(root, MODULES, INSTALLED)
    target.run(context, root, core_argv(place, f"/{INSTALLED}/core.img"))
    return Bios(boot=(folder / "boot.img").read_bytes(), core=(folder / "core.img").read_bytes())


def write(disk: Path, bios: Bios, partition: Partition) -> bytes:
    """Write the core into its partition; gives the code for the MBR.

    Raises:
        LivecdError: the core does not fit.
    """
    if len(bios.core) > partition.size:
        raise LivecdError(f"GRUB's core of {len(bios.core)} bytes does not fit its partition")
    with disk.open("r+b") as stream:
        stream.seek(partition.offset)
        stream.write(placed_core(bios.core, sector=partition.start))
    return boot_code(bios.boot, core_sector=partition.start)


def core_argv(place: Place, output: str) -> list[str]:
    """The command line of grub-mkimage.

    The prefix begins with a comma: GRUB puts the disk there from which the
    BIOS loaded it, so another disk with the same label can't get in its way.
    """
    prefix = f"(,gpt{place.partition}){place.prefix}"
    image = ("-O", "i386-pc", "-d", f"/{MODULES}", "-p", prefix, "-o", output)
    return ["grub-mkimage", *image, *CORE_MODULES]


def copy_modules(root: Path, source: str, installed: str) -> Path:
    """Copy GRUB's modules to where it looks for them, as grub-install does; gives that folder."""
    folder = rooted.resolve(root, installed)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(rooted.resolve(root, source).iterdir()):
        if path.suffix in {".mod", ".lst"} or path.name == "boot.img":
            shutil.copy2(path, folder / path.name)
    return folder


def boot_code(image: bytes, *, core_sector: int) -> bytes:
    """The MBR's code: told where the core is, and to trust the BIOS about the drive.

    Args:
        image: GRUB's boot.img.
        core_sector: where the core begins.
    """
    code = bytearray(image[:BOOT_CODE_SIZE])
    struct.pack_into("<Q", code, _KERNEL_SECTOR, core_sector)
    code[_DRIVE_CHECK : _DRIVE_CHECK + 2] = _NO_OPERATION
    return bytes(code)


def placed_core(core: bytes, *, sector: int) -> bytes:
    """The core, its first sector told where the rest is: first sector and count.

    Args:
        core: what grub-mkimage made.
        sector: where it will begin.
    """
    sectors = -(-len(core) // SECTOR)
    placed = bytearray(core.ljust(sectors * SECTOR, b"\0"))
    struct.pack_into("<QH", placed, _BLOCK_LIST, sector + 1, sectors - 1)
    return bytes(placed)
