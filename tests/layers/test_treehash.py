"""The digest of a tree: what changes it, what does not, and where two trees differ."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.layers import treehash
from livecd_rootfs.layers.treehash import EXACT, Times


def plant(top: Path) -> Path:
    (top / "folder").mkdir(parents=True)
    (top / "file").write_bytes(b"\0" * 8192)
    (top / "folder" / "one").write_text("1")
    (top / "folder" / "two").hardlink_to(top / "folder" / "one")
    (top / "link").symlink_to("file")
    os.mkfifo(top / "fifo")
    return top


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return plant(tmp_path / "one"), plant(tmp_path / "other")


def relink(tree: Path, target: str) -> None:
    (tree / "link").unlink()
    (tree / "link").symlink_to(target)


def part(tree: Path) -> None:
    (tree / "folder/two").unlink()
    (tree / "folder/two").write_text("1")


def to_folder(tree: Path) -> None:
    mode = (tree / "fifo").stat().st_mode & 0o7777
    (tree / "fifo").unlink()
    (tree / "fifo").mkdir(mode=mode)


def punch(tree: Path) -> None:
    (tree / "file").unlink()
    with (tree / "file").open("wb") as file:
        file.truncate(8192)


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "content": (lambda tree: (tree / "file").write_bytes(b"x"), ["file: content"]),
    "mode": (lambda tree: (tree / "folder").chmod(0o700), ["folder: mode"]),
    "the top's mode": (lambda tree: tree.chmod(0o700), [".: mode"]),
    "target": (lambda tree: relink(tree, "folder"), ["link: target"]),
    "an attribute": (
        lambda tree: os.setxattr(tree / "file", "user.x", b"1"),
        ["file: xattr user.x"],
    ),
    "hard links": (part, ["folder/two: same file as"]),
    "more": (lambda tree: (tree / "new").touch(), ["new: only in the second"]),
    "less": (lambda tree: (tree / "file").unlink(), ["file: only in the first"]),
    "type": (to_folder, ["fifo: type"]),
    "holes": (punch, []),
    "times": (lambda tree: os.utime(tree / "file", (1, 1)), []),
    "notes of overlayfs": (
        lambda tree: os.setxattr(tree / "file", "user.overlay.origin", b"1"),
        [],
    ),
    "a hidden folder": (
        lambda tree: os.setxattr(tree / "folder", "user.overlay.opaque", b"y"),
        ["folder: xattr user.overlay.opaque"],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_the_digest(pair: tuple[Path, Path], what: str) -> None:
    one, other = pair
    change, lines = CHANGES[what]
    assert treehash.digest(one) == treehash.digest(other)
    change(other)
    assert list(treehash.differences(one, other)) == lines
    assert (treehash.digest(one) == treehash.digest(other)) is (not lines)


@pytest.mark.parametrize(
    ("times", "seconds", "differ"),
    [
        (EXACT, (100, 100), False),
        (EXACT, (100, 200), True),
        (Times(counted=True, latest=150), (100, 200), True),
        (Times(counted=True, latest=150), (150, 200), False),
    ],
)
def test_times(tmp_path: Path, times: Times, seconds: tuple[int, int], *, differ: bool) -> None:
    for name, time in zip(("one", "other"), seconds, strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        os.utime(tmp_path / name / "file", (time, time))
    found = treehash.differences(tmp_path / "one", tmp_path / "other", times)
    assert list(found) == (["file: time"] if differ else [])


@pytest.mark.root
def test_owners_and_devices(pair: tuple[Path, Path]) -> None:
    one, other = pair
    os.chown(other / "link", 7, 8, follow_symlinks=False)
    for tree, minor in ((one, 3), (other, 5)):
        os.mknod(tree / "node", 0o020600, os.makedev(1, minor))
    assert list(treehash.differences(one, other)) == ["link: owner", "node: device"]
