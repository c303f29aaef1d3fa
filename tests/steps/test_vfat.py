"""The ESP: the command lines, and a file system that other tools read."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import pytest

from livecd_rootfs import process
from livecd_rootfs.steps import layout, vfat
from livecd_rootfs.steps.imagesize import GIB
from livecd_rootfs.steps.layout import Partition
from livecd_rootfs.steps.vfat import File
from tests import needs
from tests.steps.builds import digest, made_context

FILES = (
    File(path=PurePosixPath("EFI/debian/grub.cfg"), content=b"menu\n"),
    File(path=PurePosixPath("EFI/BOOT/BOOTX64.EFI"), content=b"shim"),
    File(path=PurePosixPath("EFI/BOOT/grub.cfg"), content=b"menu\n"),
)


def esp(folder: Path) -> Partition:
    return layout.lay_out(made_context(folder), size=GIB)[layout.ESP]


def made(folder: Path) -> Path:
    """A disk with nothing but the ESP."""
    disk, staging = folder / "disk", folder / "staging"
    staging.mkdir(parents=True)
    partition = esp(folder)
    disk.touch()
    os.truncate(disk, partition.offset + partition.size)
    vfat.make(made_context(folder), partition, FILES, disk=disk, staging=staging)
    return disk


def shown_of(disk: Path, folder: str) -> str:
    argv = ["mdir", "-i", f"{disk}@@5242880", folder]
    return process.run(argv, env={"TZ": "UTC0", "PATH": os.environ["PATH"]}).stdout


def test_format_argv(tmp_path: Path) -> None:
    assert vfat.format_argv(esp(tmp_path), Path("binary/disk"), "0123abcd") == [
        "mkfs.vfat",
        *("--invariant", "-F", "32", "-s", "1", "-n", "UEFI", "-i", "0123abcd"),
        *("--offset", "10240", "-h", "10240"),
        *("binary/disk", "108544"),
    ]


def test_fill_argvs(tmp_path: Path) -> None:
    image = "binary/disk@@5242880"
    argvs = vfat.fill_argvs(esp(tmp_path), Path("binary/disk"), FILES, Path("/s"))
    assert argvs == [
        ["mmd", "-i", image, "::EFI", "::EFI/BOOT", "::EFI/debian"],
        ["mcopy", "-i", image, "-m", "/s/EFI/BOOT/BOOTX64.EFI", "/s/EFI/BOOT/grub.cfg", "::EFI/BOOT"],
        ["mcopy", "-i", image, "-m", "/s/EFI/debian/grub.cfg", "::EFI/debian"],
    ]  # fmt: skip


@pytest.mark.tools("mkfs.vfat", "mmd", "mcopy", "mdir", "mtype", "fsck.vfat")
def test_other_tools_read_it(tmp_path: Path) -> None:
    disk = made(tmp_path)
    listing = process.run(["mdir", "-i", f"{disk}@@5242880", "-s", "-b", "::"]).stdout
    assert [line for line in listing.splitlines() if not line.endswith("/")] == [
        "::/EFI/BOOT/BOOTX64.EFI",
        "::/EFI/BOOT/grub.cfg",
        "::/EFI/debian/grub.cfg",
    ]
    assert re.search(r"BOOTX64 +EFI +4 2023-11-14 +22:13", shown_of(disk, "::EFI/BOOT"))
    assert re.search(r"BOOT +<DIR> +2023-11-14 +22:13", shown_of(disk, "::EFI"))
    text = process.run(["mtype", "-i", f"{disk}@@5242880", "::EFI/debian/grub.cfg"]).stdout
    assert text == "menu\n"


@pytest.mark.tools("mkfs.vfat", "mmd", "mcopy", "fsck.vfat")
def test_fsck_finds_no_fault(tmp_path: Path) -> None:
    disk, alone = made(tmp_path), tmp_path / "alone"
    process.run(["dd", f"if={disk}", f"of={alone}", "bs=1M", "skip=5", "conv=sparse"])
    process.run([needs.program("fsck.vfat") or "", "-n", alone])


@pytest.mark.tools("mkfs.vfat", "mmd", "mcopy")
def test_twice_the_same_bytes(tmp_path: Path) -> None:
    assert digest(made(tmp_path / "one")) == digest(made(tmp_path / "other"))
