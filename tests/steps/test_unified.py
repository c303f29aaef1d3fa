"""Unified kernel images: ukify's command line, the kernel's arguments, and the key that signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.steps import signing, unified
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.steps.unified import Image
from tests.steps.builds import made_context

IMAGE = Image(
    kernel="chroot/boot/vmlinuz",
    initrd="chroot/boot/initrd",
    version="6.12",
    command_line="root=LABEL=x ro",
    os_release="chroot/usr/lib/os-release",
    architecture="x64",
)
PLAIN = [
    *("ukify", "build", "--linux=chroot/boot/vmlinuz", "--initrd=chroot/boot/initrd"),
    *("--uname=6.12", "--cmdline=root=LABEL=x ro"),
    *("--os-release=@chroot/usr/lib/os-release", "--efi-arch=x64", "--output=out.efi"),
]


def test_argv() -> None:
    assert unified.argv(IMAGE, "out.efi") == PLAIN


def test_argv_with_a_key() -> None:
    words = unified.argv(IMAGE, "out.efi", key="/k", certificate="/c")
    assert [word for word in words if word not in PLAIN] == [
        "--signtool=systemd-sbsign",
        "--secureboot-private-key=/k",
        "--secureboot-certificate=/c",
        "--no-sign-kernel",
    ]


def test_arguments(tmp_path: Path) -> None:
    context = made_context(tmp_path, SERIAL_CONSOLE="none", KERNEL_COMMAND_LINE="quiet")
    kernel = Kernel(version="6.12", image="vmlinuz-6.12", initrd="initrd.img-6.12")
    alone = Kernel(version="6.12", image="vmlinuz-6.12", initrd=None)
    assert unified.arguments(context, kernel) == "root=LABEL=cloudimg-rootfs ro quiet console=tty0"
    guid = context.id("partition 1")
    assert unified.arguments(context, alone) == f"root=PARTUUID={guid} ro quiet console=tty0"


def test_nobody_signs_unasked(tmp_path: Path) -> None:
    assert signing.of(made_context(tmp_path)) is None


def test_a_signer(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    named = {"SECURE_BOOT_KEY": str(key), "SECURE_BOOT_CERTIFICATE": str(certificate)}
    key.write_text("key")
    with pytest.raises(LivecdError, match="SECURE_BOOT_CERTIFICATE is no file that this hook sees"):
        signing.of(made_context(tmp_path, None, **named))
    certificate.write_text("certificate")
    signer = signing.of(made_context(tmp_path, None, **named))
    assert signer is not None
    assert signer.files == (key, certificate)


def test_a_key_without_its_certificate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SECURE_BOOT_CERTIFICATE is not set"):
        signing.of(made_context(tmp_path, SECURE_BOOT_KEY="/k"))
