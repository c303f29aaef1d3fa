"""Where a sparse file has data."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.steps import extents

MIB = 1 << 20


def parts(path: Path) -> list[tuple[int, int]]:
    with path.open("rb") as stream:
        return list(extents.of(stream.fileno()))


def test_an_empty_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert parts(tmp_path / "file") == []


def test_holes_are_left_out(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as stream:
        for start in (MIB, 3 * MIB):
            stream.seek(start)
            stream.write(b"x" * 4096)
        stream.truncate(8 * MIB)
    assert parts(tmp_path / "file") == [(MIB, MIB + 4096), (3 * MIB, 3 * MIB + 4096)]
