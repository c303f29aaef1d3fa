"""A root made ready to boot from a disk: menu, boot loaders, fstab."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import (
    bios,
    esp,
    fstab,
    grub,
    kernels,
    layout,
    rooted,
    signing,
    systemd_boot,
    vfat,
)
from livecd_rootfs.steps.bios import Bios
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.grub import Place
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.values import Value
from livecd_rootfs.variants import SYSTEMD_BOOT

BOOT_LABEL = "BOOT"


class Boot(Value):
    """How a disk boots.

    Attributes:
        bios: GRUB for a BIOS; ``None`` if the root has none.
        esp: the files of the EFI system partition.
        secure: whether a firmware with Secure Boot starts it.
    """

    bios: Bios | None
    esp: tuple[vfat.File, ...]
    secure: bool

    def __str__(self) -> str:
        """The ways in words, as in ``BIOS and UEFI with Secure Boot``."""
        uefi = "UEFI with Secure Boot" if self.secure else "UEFI"
        ways = (*(("BIOS",) if self.bios else ()), *((uefi,) if self.esp else ()))
        return " and ".join(ways)


def where(context: Context, *, separate: bool) -> Place:
    """Where the boot loader finds its files.

    Args:
        context: the build.
        separate: whether /boot is a partition of its own.
    """
    return Place(
        label=context.label,
        root_guid=context.id(f"partition {layout.ROOT}"),
        boot_label=BOOT_LABEL if separate else context.label,
        boot="" if separate else "/boot",
        partition=layout.XBOOTLDR if separate else layout.ROOT,
    )


def prepare(context: Context, root: Path, place: Place) -> Boot:
    """Write into a root what it needs to boot from a disk.

    Args:
        context: the build.
        root: the root; it is changed.
        place: where the boot loader will find its files.

    Raises:
        LivecdError: it has no kernel, or no boot loader.
    """
    if context.bootloader == SYSTEMD_BOOT:
        return _systemd_boot(context, root, place)
    loaders = esp.find(context, root)
    has_bios = context.arch in layout.BIOS_ARCHITECTURES and bios.is_there(root)
    found = kernels.installed(root)
    _check(found, has_loader=has_bios or loaders is not None)
    grub.configure(context, root, found, place)
    _write_fstab(root, place)
    return Boot(
        bios=bios.install(context, root, place) if has_bios else None,
        esp=esp.install(root, loaders, place) if loaders else (),
        secure=loaders is not None and loaders.shim is not None,
    )


def _systemd_boot(context: Context, root: Path, place: Place) -> Boot:
    found = kernels.installed(root)
    _check(found, has_loader=True)
    files = systemd_boot.install(context, root, found)
    _write_fstab(root, place)
    return Boot(bios=None, esp=files, secure=signing.of(context) is not None)


def _check(found: tuple[Kernel, ...], *, has_loader: bool) -> None:
    if not found:
        raise LivecdError(
            "the root has no kernel, so its disk could not boot",
            place="chroot/boot",
            remedy="add one to its packages: linux-image-cloud-amd64 (Debian), "
            "linux-virtual (Ubuntu)",
        )
    if not has_loader:
        raise LivecdError(
            "the root has no boot loader, so its disk could not boot",
            place="chroot/usr/lib/grub",
            remedy="add to its packages: grub-pc-bin for BIOS; shim-signed and "
            "grub-efi-amd64-signed or grub-efi-arm64-signed for UEFI",
        )


def _write_fstab(root: Path, place: Place) -> None:
    separate = None if place.boot else place.boot_label
    ours = fstab.mounts(place.label, esp=vfat.LABEL, boot=separate)
    rooted.write(root, "etc/fstab", fstab.merged(rooted.text(root, "etc/fstab"), ours))
    rooted.resolve(root, "boot/efi").mkdir(parents=True, exist_ok=True)
