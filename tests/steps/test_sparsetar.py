"""A sparse file in GNU's old tar format, read by GNU tar, libarchive and Python."""

from __future__ import annotations

import random
import subprocess
import tarfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from livecd_rootfs.steps import sparsetar
from livecd_rootfs.steps.imagesize import GIB
from livecd_rootfs.steps.sparsetar import STEP, Part
from tests.steps.builds import EPOCH

# Where something is, and the whole size.
CONTENTS: Mapping[str, tuple[tuple[int, ...], int]] = {
    "empty": ((), 0),
    "a byte": ((0,), 1),
    "only a hole": ((), 5 * STEP),
    "the beginning": ((0,), 3 * STEP),
    "the last byte": ((3 * STEP - 1,), 3 * STEP),
    "the last byte of an odd size": ((2 * STEP + 4,), 2 * STEP + 5),
    "neighbours": ((STEP, 2 * STEP, 3 * STEP), 9 * STEP),
    "four parts": (tuple(range(0, 8 * STEP, 2 * STEP)), 8 * STEP),
    "parts for two more headers": (tuple(range(0, 92 * STEP, 2 * STEP)), 92 * STEP + 3),
}
# What reads a tar's only member to its output, in the folder of the tar.
READERS = {
    "GNU tar": ("tar", "-xOf", "x.tar"),
    "libarchive": ("bsdtar", "-xOf", "x.tar"),
}


def made(path: Path, filled: tuple[int, ...], size: int) -> Path:
    with path.open("wb") as stream:
        stream.truncate(size)
        for offset in filled:
            stream.seek(offset)
            stream.write(b"x")
    return path


def packed(folder: Path, source: Path) -> bytes:
    content = b"".join(sparsetar.stream(source, "disk.raw", epoch=EPOCH))
    (folder / "x.tar").write_bytes(content)
    return content


@pytest.mark.tools("bsdtar")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("what", CONTENTS)
def test_others_read_it(tmp_path: Path, what: str, reader: str) -> None:
    source = made(tmp_path / "source", *CONTENTS[what])
    packed(tmp_path, source)
    read = subprocess.run(READERS[reader], cwd=tmp_path, capture_output=True, check=True)
    assert read.stderr == b""
    assert read.stdout == source.read_bytes()


@pytest.mark.parametrize("what", CONTENTS)
def test_python_reads_it(tmp_path: Path, what: str) -> None:
    source = made(tmp_path / "source", *CONTENTS[what])
    packed(tmp_path, source)
    with tarfile.open(tmp_path / "x.tar") as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.size) == ("disk.raw", source.stat().st_size)
        assert (member.mode, member.uid, member.gid, member.mtime) == (0o644, 0, 0, EPOCH)
        stream = tar.extractfile(member)
        assert stream is not None
        assert stream.read() == source.read_bytes()


def test_holes_take_no_room(tmp_path: Path) -> None:
    source = made(tmp_path / "source", (20 * GIB,), 30 * GIB)
    assert len(packed(tmp_path, source)) <= STEP + sparsetar.RECORD


@pytest.mark.tools("bsdtar")
def test_sizes_beyond_octal_numbers(tmp_path: Path) -> None:
    packed(tmp_path, made(tmp_path / "source", (20 * GIB,), 30 * GIB))
    for program in ("tar", "bsdtar"):
        listed = subprocess.run(
            [program, "-tvf", "x.tar"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert str(30 * GIB) in listed.stdout


def test_zeros_that_are_no_hole_change_nothing(tmp_path: Path) -> None:
    """The same content has the same bytes, whatever the file system tells of holes."""
    source = made(tmp_path / "source", (3, 5 * STEP), 8 * STEP)
    full = tmp_path / "full"
    full.write_bytes(source.read_bytes())
    assert full.stat().st_blocks > source.stat().st_blocks
    assert packed(tmp_path, source) == packed(tmp_path, full)


def test_parts_are_the_filled_steps(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 (examples, not secrets)
    for _ in range(20):
        size = chance.randrange(40 * STEP)
        filled = tuple(chance.randrange(size) for _ in range(chance.randrange(9)) if size)
        path = made(tmp_path / "source", filled, size)
        with path.open("rb") as stream:
            found = sparsetar.parts(stream.fileno(), size)
        steps = {offset // STEP for part in found for offset in range(part.offset, part.end, STEP)}
        assert steps == {offset // STEP for offset in filled}
        assert all(one.end < other.offset for one, other in pairwise(found))


def test_a_part_knows_its_end() -> None:
    assert Part(offset=3, size=4).end == 7
