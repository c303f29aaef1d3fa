"""The partition table's bytes, read by the tools that others use."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs.steps import gpt, layout
from livecd_rootfs.steps.imagesize import GIB, MIB
from livecd_rootfs.steps.layout import Layout
from tests import needs
from tests.steps.builds import made_context


def table(folder: Path) -> Layout:
    return layout.lay_out(made_context(folder), size=GIB, boot_size=64 * MIB)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    with path.open("wb") as stream:
        stream.truncate(GIB)
    gpt.write(path, table(tmp_path), b"code".ljust(440, b"!"))
    return path


def ask(program: str, *arguments: str, folder: Path) -> str:
    argv = [needs.program(program) or program, *arguments]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.tools("sgdisk")
def test_sgdisk_finds_no_fault(disk: Path) -> None:
    assert "No problems found" in ask("sgdisk", "-v", disk.name, folder=disk.parent)


@pytest.mark.tools("sgdisk")
def test_sgdisk_reads_what_was_meant(disk: Path) -> None:
    meant = table(disk.parent)
    for part in meant.partitions:
        shown = ask("sgdisk", f"-i={part.number}", disk.name, folder=disk.parent)
        assert f"Partition GUID code: {str(part.type.value).upper()}" in shown
        assert f"Partition unique GUID: {str(part.guid).upper()}" in shown
        assert f"First sector: {part.start} " in shown
        assert f"Last sector: {part.last} " in shown
    assert f"GUID): {str(meant.guid).upper()}" in ask("sgdisk", "-p", disk.name, folder=disk.parent)


def test_the_mbr_has_the_code_and_one_protective_partition(disk: Path) -> None:
    with disk.open("rb") as stream:
        mbr = stream.read(512)
    assert mbr[:440] == b"code".ljust(440, b"!")
    assert struct.unpack_from("<B3xB3xII", mbr, 446) == (0, 0xEE, 1, GIB // 512 - 1)
    assert mbr[462:] == bytes(48) + b"\x55\xaa"


def test_the_file_stays_sparse(disk: Path) -> None:
    assert disk.stat().st_blocks * 512 < MIB


def test_a_disk_beyond_the_reach_of_an_mbr(tmp_path: Path) -> None:
    huge = layout.lay_out(made_context(tmp_path), size=3 * 1024 * GIB)
    assert struct.unpack_from("<I", gpt.primary(huge), 446 + 12) == (0xFFFFFFFF,)
