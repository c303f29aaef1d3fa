"""Whether the image's disk is to boot, and by what: settings and root together decide."""

from __future__ import annotations

from dataclasses import dataclass

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import artifacts
from livecd_rootfs.image.artifacts import Format
from livecd_rootfs.steps import bios, esp, kernels, layout, rooted, signing, systemd_boot
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.steps.signing import Signer
from livecd_rootfs.variants import GRUB

# Where the target has the EFI system partition, and where its later content is meanwhile.
ESP = "boot/efi"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootPlan:
    """How a disk boots; ``why`` says it where it does not.

    Attributes:
        kernels: those that it boots, the newest first; empty where it does not boot.
        why: why not; empty where it does.
    """

    kernels: tuple[Kernel, ...]
    why: str = ""

    @property
    def boots(self) -> bool:
        """Whether it boots."""
        return not self.why


def of(context: Context) -> BootPlan:
    """How this build's disk boots.

    Bootable is ``yes``: it must; ``no``: it does not; ``auto``: a disk does, if its
    root has a kernel and a boot loader.

    Raises:
        LivecdError: it must boot, and something is missing for that.
        UsageError: settings go not together.
    """
    output = artifacts.of(context.variables)
    if output.bootable == "no":
        return _not("Bootable=no")
    if output.format is not Format.DISK:
        return _not("the output is no disk")
    if output.verity and context.bootloader == GRUB:
        raise UsageError(
            "Verity is asked for with GRUB",
            why="the root hash is in the command line of unified kernel images",
            remedy="Bootloader=systemd-boot, or Bootable=no",
        )
    found = kernels.installed(context.chroot)
    missing = "kernel" if not found else _missing_loader(context)
    if not missing:
        return BootPlan(kernels=found)
    if output.bootable != "yes":
        return _not(f"the root has no {missing}")
    raise LivecdError(
        f"Bootable=yes, but the root has no {missing}",
        place="chroot/boot" if missing == "kernel" else "chroot/usr/lib",
        remedy=f"add to Packages: {_PACKAGES[missing]}; or Bootable=no",
    )


_PACKAGES = {
    "kernel": "linux-image-cloud-amd64 (Debian), linux-virtual (Ubuntu), or the like",
    "systemd-boot": "systemd-boot-efi",
    "GRUB": "grub-pc-bin for BIOS; shim-signed and grub-efi-amd64-signed for UEFI",
}


def _not(why: str) -> BootPlan:
    return BootPlan(kernels=(), why=why)


def _missing_loader(context: Context) -> str:
    root = context.chroot
    if context.bootloader == GRUB:
        has_bios = context.arch in layout.BIOS_ARCHITECTURES and bios.is_there(root)
        return "" if has_bios or esp.find(context, root) else "GRUB"
    firmware = esp.FIRMWARE.get(context.arch)
    found = firmware and rooted.first_file(root, systemd_boot.program(firmware.suffix))
    return "" if found else "systemd-boot"


def signer(context: Context) -> Signer | None:
    """Who signs boot loader and kernels; ``None`` without SecureBoot.

    Raises:
        UsageError: SecureBoot is asked for, and the key or its certificate is not given.
    """
    if context.variables.get("SECURE_BOOT") != "yes":
        return None
    found = signing.of(context)
    if found is None:
        raise UsageError(
            "SecureBoot=yes, but there is no key to sign with",
            remedy="SecureBootKey and SecureBootCertificate, or mkosi.key and mkosi.crt",
        )
    return found
