"""A disk for arm64, made of the boot loaders that Debian really has for it.

They are unpacked, not run: this needs no emulation. A whole image, bootstrapped
under qemu-user and booted in an emulated machine, takes half an hour.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import mmdebstrap, process
from livecd_rootfs.mmdebstrap import Request
from tests.steps.conftest import NewBuild

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

DISK = "binary/boot/disk-uefi.ext4"
ESP_AT = 10240 * 512
AARCH64 = b"\x64\xaa"  # the machine of a PE header
LOADERS = {
    "EFI/BOOT/BOOTAA64.EFI": "shim/shimaa64.efi.signed",
    "EFI/BOOT/grubaa64.efi": "grub/arm64-efi-signed/grubaa64.efi.signed",
    "EFI/BOOT/mmaa64.efi": "shim/mmaa64.efi.signed",
    "EFI/debian/shimaa64.efi": "shim/shimaa64.efi.signed",
}


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The boot loaders' packages of arm64, unpacked."""
    target = tmp_path_factory.mktemp("arm64") / "root"
    request = Request(
        suite="trixie",
        target=target,
        architecture="arm64",
        variant="extract",
        packages=("shim-signed", "grub-efi-arm64-signed", "grub-efi-arm64-bin"),
        apt_options=('APT::Install-Recommends "false"',),
        options=("--skip=check/qemu",),
    )
    mmdebstrap.bootstrap(request, environ={}, on_line=lambda _: None)
    return target


@pytest.mark.tools("mcopy", "sfdisk", "sgdisk")
def test_the_disk_has_debian_s_own_boot_loaders(
    debian: Path, new_build: NewBuild, tmp_path: Path
) -> None:
    build = new_build(ARCH="arm64", IMAGE_SIZE="+16M")
    for folder in ("shim", "grub"):
        shutil.rmtree(build.build / "chroot/usr/lib" / folder)
        source, there = debian / "usr/lib" / folder, build.build / "chroot/usr/lib" / folder
        subprocess.run(("cp", "-a", source, there), check=True)
    said = build.hook("disk-image")
    assert said.stdout.endswith("; boots by UEFI with Secure Boot\n"), said.stderr
    disk = build.build / DISK
    process.run(["sgdisk", "-v", disk])
    listing = process.run(["sfdisk", "--dump", disk]).stdout
    kinds = [line.partition("type=")[2].partition(",")[0] for line in listing.splitlines()]
    assert sorted(filter(None, kinds)) == [
        "B921B045-1DF0-41C3-AF44-4C6F280D3FAE",  # Linux root (ARM-64)
        "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",  # EFI system
    ]
    for name, package in LOADERS.items():
        copy = tmp_path / Path(name).name
        process.run(["mcopy", "-n", "-o", "-i", f"{disk}@@{ESP_AT}", f"::{name}", copy])
        content = copy.read_bytes()
        assert content == (debian / "usr/lib" / package).read_bytes()
        header = int.from_bytes(content[0x3C:0x40], "little")
        assert content[header + 4 : header + 6] == AARCH64
