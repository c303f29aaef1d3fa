"""A part of a sparse file as a file of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import extents, gpt, layout, root_image
from livecd_rootfs.steps.imagesize import GIB
from tests.steps.builds import made_context

MIB = 1 << 20


def sparse(path: Path, size: int, pieces: dict[int, bytes]) -> Path:
    with path.open("wb") as stream:
        stream.truncate(size)
        for offset, content in pieces.items():
            stream.seek(offset)
            stream.write(content)
    return path


PIECES = {
    "nothing": {},
    "something before and behind": {0: b"before" * MIB, 12 * MIB: b"behind"},
    "at both ends": {4 * MIB: b"first", 12 * MIB - 4: b"last"},
    "over both ends": {3 * MIB: b"x" * 10 * MIB},
    "in the middle": {6 * MIB: b"y" * MIB, 9 * MIB: b"z"},
}


@pytest.mark.parametrize("row", PIECES)
def test_copy(tmp_path: Path, row: str) -> None:
    disk = sparse(tmp_path / "disk", 16 * MIB, PIECES[row])
    extents.copy(disk, tmp_path / "part", 4 * MIB, 8 * MIB)
    whole = disk.read_bytes()
    assert (tmp_path / "part").read_bytes() == whole[4 * MIB : 12 * MIB]
    taken = (tmp_path / "part").stat().st_blocks * 512
    assert taken <= disk.stat().st_blocks * 512


def test_it_is_as_sparse_as_the_disk(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk", 64 * MIB, {8 * MIB: b"data"})
    extents.copy(disk, tmp_path / "part", 4 * MIB, 56 * MIB)
    assert (tmp_path / "part").stat().st_size == 56 * MIB
    assert (tmp_path / "part").stat().st_blocks * 512 < MIB


def test_a_disk_that_ends_early_is_no_endless_loop(tmp_path: Path) -> None:
    disk = sparse(tmp_path / "disk", 2 * MIB, {0: os.urandom(2 * MIB)})
    extents.copy(disk, tmp_path / "part", MIB, 4 * MIB)
    assert (tmp_path / "part").read_bytes()[:MIB] == disk.read_bytes()[MIB:]


def test_a_partition_is_found_by_its_number(tmp_path: Path) -> None:
    table = layout.lay_out(made_context(tmp_path), size=GIB)
    disk = tmp_path / "disk"
    disk.write_bytes(b"")
    os.truncate(disk, table.size)
    gpt.write(disk, table)
    root = table[layout.ROOT]
    assert gpt.find(disk, layout.ROOT) == (root.offset, root.size)
    with pytest.raises(LivecdError, match="the disk has no partition 13"):
        gpt.find(disk, layout.XBOOTLDR)


def test_no_disk(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="there is no disk to make a root partition of"):
        root_image.run(made_context(tmp_path))
    assert list(tmp_path.iterdir()) == []
