"""What files take in ext4, by example."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.steps import content
from tests.steps.builds import EPOCH


def write(size: int) -> Callable[[Path], None]:
    def make(tree: Path) -> None:
        (tree / "file").write_bytes(b"x" * size)

    return make


def sparse(tree: Path) -> None:
    """A mebibyte of nothing, one byte, and again nothing: also where nothing was written out."""
    with (tree / "file").open("wb") as stream:
        stream.truncate(3 << 20)
        stream.seek(1 << 20)
        stream.write(b"x")
        stream.seek(2 << 20)
        stream.write(bytes(4096))


def hard_links(tree: Path) -> None:
    (tree / "one").write_bytes(b"x" * 5000)
    (tree / "two").hardlink_to(tree / "one")


def short_link(tree: Path) -> None:
    (tree / "link").symlink_to("x" * 59)


def long_link(tree: Path) -> None:
    (tree / "link").symlink_to("x" * 60)


def many_names(tree: Path) -> None:
    """A hundred entries of 8 + 64 bytes are two blocks, and the index is a third."""
    for number in range(100):
        (tree / f"{number:03}".ljust(61, "n")).touch()


@pytest.mark.parametrize(
    ("make", "blocks", "inodes"),
    [
        (write(0), 0, 1),
        (write(1), 1, 1),
        (write(4096), 1, 1),
        (write(4097), 2, 1),
        (sparse, 1, 1),
        (hard_links, 2, 1),
        (short_link, 0, 1),
        (long_link, 1, 1),
        (many_names, 2, 100),
    ],
)
def test_a_directory_with(
    tmp_path: Path, make: Callable[[Path], None], blocks: int, inodes: int
) -> None:
    make(tmp_path)
    measured = content.measure(tmp_path, EPOCH)
    assert (measured.blocks, measured.inodes) == (1 + blocks, 1 + inodes)


def test_files_that_nobody_read_since_the_build_time(tmp_path: Path) -> None:
    for name, time in (("read", EPOCH), ("unread", EPOCH - 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, EPOCH - 5))
    os.utime(tmp_path, (EPOCH - 1, EPOCH))
    assert content.measure(tmp_path, EPOCH).unread == (".", "unread")
