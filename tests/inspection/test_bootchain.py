"""How a disk boots, and what programs say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.inspection import artifact, bootchain, pe, summary, text
from livecd_rootfs.inspection.bench import Bench
from tests.inspection import images

SHIM, GRUB = images.SBATS.values()


@pytest.mark.tools("blkid", "debugfs", "mcopy", "mke2fs", "mkfs.vfat", "mmd", "sfdisk")
def test_a_disk(raw_disk: Path, at: Bench) -> None:
    boot = bootchain.of(artifact.open_artifact(at, raw_disk))
    assert boot.bios == "GRUB"
    assert [(each.path, each.program.name, each.program.signed) for each in boot.loaders] == [
        ("EFI/BOOT/BOOTX64.EFI", "shim 16.1", True),
        ("EFI/BOOT/grubx64.efi", "GRUB 2.12-9", True),
    ]
    assert boot.is_signed
    assert [(kernel.version, kernel.initrd) for kernel in boot.kernels] == [("6.12.9-amd64", 10)]


@pytest.mark.tools("blkid", "debugfs", "mcopy", "mke2fs", "mkfs.vfat", "mmd", "sfdisk")
def test_a_summary_fits_a_screen(raw_disk: Path, at: Bench) -> None:
    lines = text.summary(summary.of(artifact.open_artifact(at, raw_disk))).splitlines()
    assert lines[:4] == [
        "small.raw: 16.0 MiB, disk",
        "",
        "disk      16.0 MiB, gpt",
        "            1  EFI System              2.0 MiB  vfat  UEFI",
    ]
    assert lines[6:11] == [
        "boot      BIOS: GRUB",
        "          UEFI: shim 16.1, GRUB 2.12-9; all signed, as Secure Boot asks",
        "          Linux 6.12.9-amd64, 7 B; initramfs 10 B",
        "system    Debian GNU/Linux 13 (trixie), amd64",
        "packages  2, 12.7 MiB when installed; the largest:",
    ]
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("sbat", "name"),
    [
        (SHIM, "shim 16.1"),
        (GRUB, "GRUB 2.12-9"),
        ("grub,5,FSF,grub,2.12,x\n", "GRUB 2.12"),
        ("systemd-boot,1,The systemd Developers,systemd,257,x\n", "systemd-boot 257"),
        ("sbat,1,SBAT Version,sbat,1,x\nother,1,a,b,3,x\n", "EFI program"),
        ("short,row\n", "EFI program"),
        ("", "EFI program"),
    ],
)
def test_a_program_by_its_sbat(sbat: str, name: str) -> None:
    assert pe.parse(images.program({".sbat": sbat.encode()}, signed=False)).name == name


def test_an_unsigned_program_is_not_for_secure_boot() -> None:
    programs = (pe.parse(images.program({}, signed=signed)) for signed in (True, False))
    loaders = tuple(bootchain.Loader(path="x", program=each) for each in programs)
    chain = bootchain.BootChain(bios="", loaders=loaders, kernels=())
    assert not chain.is_signed
    assert not bootchain.BootChain(bios="", loaders=(), kernels=()).is_signed


def test_a_unified_image_fits_a_screen_too(tmp_path: Path, at: Bench) -> None:
    """Nothing that it says of itself reaches a terminal as a command to it."""
    sections = {f".part{number}": b"x" * 2000 for number in range(12)}
    sections |= {".linux": b"kernel", ".cmdline": b"console=ttyS0,115200 \x1b[31m quiet"}
    (tmp_path / "x.efi").write_bytes(images.program(sections, signed=False))
    shown = text.summary(summary.of(artifact.open_artifact(at, tmp_path / "x.efi")))
    assert "command line: console=ttyS0,115200 \\x1b[31m quiet\n" in shown
    assert max(map(len, shown.splitlines())) <= 80
