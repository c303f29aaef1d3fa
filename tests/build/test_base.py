"""The command that makes a root for the image pipeline: what a distribution's own words are in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import mmdebstrap, settings
from livecd_rootfs.build import base
from livecd_rootfs.deciding import decide

BOOTS = "systemd-sysv,udev,dbus"
GRUB = "grub-efi-amd64-signed,shim-signed"
# Options of mkosi.conf, and what of the command line follows from them.
UBUNTU = {
    "systemd-boot, with ukify": (
        ("Release=noble",),
        f"linux-image-virtual,{BOOTS},initramfs-tools,zstd,systemd-boot,systemd-boot-efi,systemd-ukify",
    ),
    "systemd-boot within systemd, and no ukify": (
        ("Release=jammy",),
        f"linux-image-virtual,{BOOTS},initramfs-tools,zstd",
    ),
    "an initramfs by dracut": (
        ("Release=resolute",),
        f"linux-image-virtual,{BOOTS},dracut,zstd,systemd-boot,systemd-boot-efi,systemd-ukify",
    ),
    "GRUB": (
        ("Release=jammy", "Bootloader=grub"),
        f"linux-image-virtual,{BOOTS},initramfs-tools,zstd,grub-pc,{GRUB}",
    ),
    "all drivers, and what the project wants": (
        ("Release=noble", "Bootloader=grub", "KernelFlavour=generic", "Packages=vim !grub-pc"),
        f"linux-image-generic,{BOOTS},initramfs-tools,zstd,{GRUB},vim",
    ),
    "a kernel of its own": (
        ("Release=jammy", "Packages=linux-image-kvm"),
        f"{BOOTS},initramfs-tools,zstd,linux-image-kvm",
    ),
}


def command(monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[str, ...]:
    """What would run on a machine that has the keys of every archive."""
    loaded, _ = settings.load({"arch": "amd64"}, {}, Path("/nonexistent"), options)
    monkeypatch.setattr(Path, "exists", lambda _: True)
    return mmdebstrap.argv(base.bootstrap_request(decide(loaded, pipeline=True)))


@pytest.mark.parametrize(("options", "packages"), UBUNTU.values(), ids=UBUNTU)
def test_ubuntu(monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], packages: str) -> None:
    suite = options[0].removeprefix("Release=")
    assert command(monkeypatch, *options) == (
        *("mmdebstrap", "--mode=root", "--format=directory", "--variant=apt"),
        *("--architectures=amd64", "--components=main,restricted,universe,multiverse"),
        "--keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg",
        *(f"--include={packages}", suite, "/build/chroot"),
    )


def test_debian_with_another_archive_and_less_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The release before, whose /usr the bootstrap merges."""
    options = ("Release=bookworm", "Mirror=http://127.0.0.1:9/debian", "Repositories=main,contrib")
    assert command(monkeypatch, *options, "Bootable=no", "Packages=vim") == (
        *("mmdebstrap", "--mode=root", "--format=directory", "--variant=apt"),
        *("--architectures=amd64", "--components=main,contrib"),
        "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
        *("--include=vim", base.MERGED_USR),
        *("bookworm", "/build/chroot", "http://127.0.0.1:9/debian"),
    )
