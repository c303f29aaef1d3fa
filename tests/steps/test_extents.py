"""Where a sparse file has data."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (0, MIB, []),
        (0, MIB + 10, [(MIB, MIB + 10)]),
        (MIB + 10, 3 * MIB, [(MIB + 10, MIB + 4096)]),
        (4 * MIB, 8 * MIB, []),
        (MIB, MIB, []),
    ],
)
def test_a_part_of_it(tmp_path: Path, start: int, end: int, found: list[tuple[int, int]]) -> None:
    with (tmp_path / "file").open("w+b") as stream:
        for place in (MIB, 3 * MIB):
            stream.seek(place)
            stream.write(b"x" * 4096)
        stream.truncate(8 * MIB)
        assert list(extents.of(stream.fileno(), start, end)) == found
