"""systemd-boot on the ESP, with a unified kernel image for each kernel of a root.

All programs are the root's own, which will also make the images of later
kernels: kernel-install(8) is told to do it in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import esp, osrelease, rooted, signing, target, unified
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.steps.signing import Signer
from livecd_rootfs.steps.unified import Image
from livecd_rootfs.steps.vfat import File

UKIFY = "usr/bin/ukify"
SBSIGN = "usr/lib/systemd/systemd-sbsign"
LOADER_CONF = "loader/loader.conf"
# Seconds for somebody who wants another entry.
SETTINGS = b"timeout 1\n"
# kernel-install(8), for images and for entries of the Boot Loader Specification, type 1.
_INSTALL = "etc/kernel/install.conf"
_UNIFIED = "layout=uki\nuki_generator=ukify\n"
_APART = "layout=bls\n"
_KEYS = "/run/secure-boot"
_OUTPUT = "boot/.livecd.efi"


def install(context: Context, root: Path, kernels: Sequence[Kernel]) -> tuple[File, ...]:
    """Prepare a root for its later kernels; gives the files of the ESP.

    Args:
        context: the build; its SECURE_BOOT_KEY signs everything.
        root: the root, as it goes onto the disk.
        kernels: its kernels, the newest first.

    Raises:
        LivecdError: the root lacks a program, or the architecture has no UEFI.
    """
    firmware = esp.FIRMWARE.get(context.arch)
    if firmware is None:
        raise LivecdError(f"systemd-boot does not exist for {context.arch}", remedy="use grub")
    suffix, signer = firmware.suffix, signing.of(context)
    _check(root, suffix, signer)
    token = osrelease.read(root).get("ID", "linux")
    tell_kernel_install(context, root, kernels[0], token)
    loader = _loader(context, root, suffix, signer)
    return (
        File(path=PurePosixPath("EFI/BOOT", f"BOOT{suffix.upper()}.EFI"), content=loader),
        File(path=PurePosixPath("EFI/systemd", f"systemd-boot{suffix}.efi"), content=loader),
        File(path=PurePosixPath(LOADER_CONF), content=SETTINGS),
        *_images(context, root, kernels, token, signer),
    )


def _check(root: Path, suffix: str, signer: Signer | None) -> None:
    needed = {
        UKIFY: "systemd-ukify",
        _stub(suffix): "systemd-boot-efi",
        program(suffix): "systemd-boot-efi",
        **({SBSIGN: "systemd-repart"} if signer else {}),
    }
    for path, package in needed.items():
        if rooted.first_file(root, path) is None:
            raise LivecdError(
                f"the root has no {Path(path).name}, so systemd-boot can't start its kernels",
                place=f"chroot/{path}",
                remedy=f"add {package} to its packages (Debian has it from 13 on), or use grub",
            )


def _stub(suffix: str) -> str:
    return f"{unified.STUBS}/linux{suffix}.efi.stub"


def program(suffix: str) -> str:
    """Where Debian's systemd-boot-efi has the boot loader, in a root."""
    return f"{unified.STUBS}/systemd-boot{suffix}.efi"


def can_unify(root: Path) -> bool:
    """Whether a root can make unified images of its later kernels."""
    return rooted.first_file(root, UKIFY) is not None


def tell_kernel_install(
    context: Context, root: Path, kernel: Kernel, token: str, *, apart: bool = False
) -> None:
    """Have kernel-install(8) of a root make its later kernels ready in the same way.

    Args:
        context: the build.
        root: the root.
        kernel: its newest kernel.
        token: what the names of kernels on the ESP begin with.
        apart: with an entry for kernel and initramfs, in place of a unified image.
    """
    rooted.write(root, "etc/kernel/cmdline", f"{unified.arguments(context, kernel)}\n")
    rooted.write(root, _INSTALL, _APART if apart else _UNIFIED)
    rooted.write(root, "etc/kernel/entry-token", f"{token}\n")


def _loader(context: Context, root: Path, suffix: str, signer: Signer | None) -> bytes:
    """systemd-boot: signed by the user, else by the distribution, else as it is."""
    plain = program(suffix)
    if signer is None:
        found = rooted.first_file(root, f"{plain}.signed", plain)
        return found.read_bytes() if found else b""
    keys = (f"--private-key={_KEYS}/key", f"--certificate={_KEYS}/certificate")
    sign = [f"/{SBSIGN}", "sign", *keys, f"--output=/{_OUTPUT}", f"/{plain}"]
    return _made(context, root, sign, signer)


def _images(
    context: Context, root: Path, kernels: Sequence[Kernel], token: str, signer: Signer | None
) -> Iterator[File]:
    """An image for each kernel, under the name that kernel-install would give it."""
    suffix = esp.FIRMWARE[context.arch].suffix
    keys = {"key": f"{_KEYS}/key", "certificate": f"{_KEYS}/certificate"} if signer else {}
    for kernel in kernels:
        image = Image(
            kernel=f"/boot/{kernel.image}",
            initrd=f"/boot/{kernel.initrd}" if kernel.initrd else None,
            version=kernel.version,
            command_line=unified.arguments(context, kernel),
            os_release="/etc/os-release",
            architecture=suffix,
            stub=f"/{_stub(suffix)}",
        )
        argv = unified.argv(image, f"/{_OUTPUT}", **keys)
        path = PurePosixPath("EFI/Linux", f"{token}-{kernel.version}.efi")
        yield File(path=path, content=_made(context, root, argv, signer))


def _made(context: Context, root: Path, argv: Sequence[str], signer: Signer | None) -> bytes:
    """What a program of the root writes to ``_OUTPUT``."""
    shown = {}
    if signer is not None:
        shown = {f"{_KEYS}/key": signer.key, f"{_KEYS}/certificate": signer.certificate}
    target.run(context, root, argv, show=shown)
    output = rooted.resolve(root, _OUTPUT)
    content = output.read_bytes()
    output.unlink()
    return content
