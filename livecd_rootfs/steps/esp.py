"""What the EFI system partition holds: the boot loaders of the target's own packages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from livecd_rootfs.steps import grub, osrelease, rooted
from livecd_rootfs.steps.bios import copy_modules
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.grub import Place
from livecd_rootfs.steps.vfat import File
from livecd_rootfs.values import Value


class Firmware(Value):
    """An architecture in UEFI's words and in GRUB's."""

    suffix: str
    grub: str


FIRMWARE: Mapping[str, Firmware] = {
    "amd64": Firmware(suffix="x64", grub="x86_64-efi"),
    "arm64": Firmware(suffix="aa64", grub="arm64-efi"),
}


class Loaders(Value):
    """The boot loaders of a root; without a shim it can't start with Secure Boot.

    Attributes:
        firmware: the architecture.
        vendor: the folder in EFI/ that the distribution's GRUB knows.
        grub: GRUB.
        shim: what a firmware with Secure Boot trusts, and what trusts that GRUB.
        mok_manager: what shim starts for a user who enrols a key.
    """

    firmware: Firmware
    vendor: str
    grub: Path
    shim: Path | None
    mok_manager: Path | None


def find(context: Context, root: Path) -> Loaders | None:
    """The boot loaders that a root's packages have; ``None`` if there are none.

    Debian and Ubuntu name the signed files a little differently, and Ubuntu's
    shim is a chain of links that an alternative makes.
    """
    firmware = FIRMWARE.get(context.arch)
    if firmware is None:
        return None
    suffix, shim = firmware.suffix, f"usr/lib/shim/shim{firmware.suffix}.efi.signed"
    signed = rooted.first_file(root, f"usr/lib/grub/{firmware.grub}-signed/grub{suffix}.efi.signed")
    plain = rooted.first_file(root, f"usr/lib/grub/{firmware.grub}/monolithic/grub{suffix}.efi")
    loader = signed or plain
    if loader is None:
        return None
    helper = f"usr/lib/shim/mm{suffix}.efi"
    return Loaders(
        firmware=firmware,
        vendor=osrelease.read(root).get("ID", "debian"),
        grub=loader,
        shim=rooted.first_file(root, shim, f"{shim}.latest") if signed else None,
        mok_manager=rooted.first_file(root, f"{helper}.signed", helper),
    )


def install(root: Path, loaders: Loaders, place: Place) -> tuple[File, ...]:
    """Put GRUB's modules into a root's /boot; gives the files for the ESP."""
    modules = f"usr/lib/grub/{loaders.firmware.grub}"
    if rooted.resolve(root, modules).is_dir():
        copy_modules(root, modules, f"boot/grub/{loaders.firmware.grub}")
    return files(loaders, place)


def files(loaders: Loaders, place: Place) -> tuple[File, ...]:
    """The files of the ESP.

    A firmware that knows nothing of this disk starts EFI/BOOT/BOOT*.EFI. The
    vendor's folder has the same, for an entry that efibootmgr makes, and since
    the signed GRUB looks for its grub.cfg there. Shim's fallback program stays
    out of EFI/BOOT: it would write entries into the firmware and reset.
    """
    suffix = loaders.firmware.suffix
    menu = grub.esp_config(place).encode()
    core = loaders.grub.read_bytes()
    manager = _named(f"mm{suffix}.efi", loaders.mok_manager if loaders.shim else None)
    shared = {f"grub{suffix}.efi": core, "grub.cfg": menu, **manager}
    first = loaders.shim.read_bytes() if loaders.shim else core
    removable = {f"BOOT{suffix.upper()}.EFI": first, **shared}
    vendor = {**_named(f"shim{suffix}.efi", loaders.shim), **shared}
    return (*_below("BOOT", removable), *_below(loaders.vendor, vendor))


def _named(name: str, path: Path | None) -> dict[str, bytes]:
    return {} if path is None else {name: path.read_bytes()}


def _below(folder: str, contents: Mapping[str, bytes]) -> tuple[File, ...]:
    return tuple(
        File(path=PurePosixPath("EFI", folder, name), content=content)
        for name, content in contents.items()
    )
