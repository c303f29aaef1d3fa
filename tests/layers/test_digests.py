"""A tree is read once; a change in it is seen, however soon after and however like what was there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.layers import contents, treehash
from livecd_rootfs.layers.digests import FOLDER, Digests

Reads = Callable[[], int]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "folder").mkdir(parents=True)
    (top / "folder/one").write_text("one\n")
    (top / "two").write_text("two\n")
    return top


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Tells how many files have been read since it was asked last."""
    done: list[str] = []
    real = contents._content

    def content(path: str) -> str:
        done.append(path)
        return real(path)

    def count() -> int:
        found = len(done)
        done.clear()
        return found

    monkeypatch.setattr(contents, "_content", content)
    return count


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    """All of the tree was changed long enough ago, and it is big."""
    monkeypatch.setattr(contents, "TICK_NS", 0)
    monkeypatch.setattr(contents, "WORTH_KEEPING", 2)
    newest = treehash.stamp(tree).newest
    while time.time_ns() <= newest:
        time.sleep(0.001)


def test_it_is_the_digest_of_the_tree_and_read_once(tree: Path, reads: Reads) -> None:
    known = Digests()
    assert known.of(tree) == treehash.digest(tree)
    reads()
    assert known.of(tree) == treehash.digest(tree)
    assert reads() == 2
    assert known.of(tree, frozenset({"two"})) != known.of(tree)
    assert known.of(tree / "two") == treehash.digest(tree / "two")


@pytest.mark.usefixtures("old")
def test_another_look_reads_only_what_has_changed(tree: Path, reads: Reads) -> None:
    known = Digests()
    before = known.of(tree)
    assert reads() == 2
    assert known.anew().of(tree) == before
    assert reads() == 0
    (tree / "two").write_text("owt\n")
    assert known.of(tree) == before
    again = known.anew().of(tree)
    assert reads() == 1
    assert again == treehash.digest(tree) != before


def test_a_change_within_one_tick_of_the_clock_is_seen(tree: Path) -> None:
    """Same size, same time of modification; that of its status may be the same, too."""
    known = Digests()
    for text in ("owt\n", "tow\n", "wto\n"):
        before, status = known.anew().of(tree), (tree / "two").stat()
        (tree / "two").write_text(text)
        os.utime(tree / "two", ns=(status.st_atime_ns, status.st_mtime_ns))
        assert known.anew().of(tree) == treehash.digest(tree) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "two").chmod(0o600),
        lambda tree: (tree / "two").rename(tree / "three"),
        lambda tree: (tree / "folder/one").unlink(),
        lambda tree: (tree / "folder/new").mkdir(),
    ],
    ids=("mode", "name", "gone", "new"),
)
@pytest.mark.usefixtures("old")
def test_any_change_is_seen(tree: Path, change: Callable[[Path], object]) -> None:
    known = Digests()
    before = known.of(tree)
    change(tree)
    assert known.anew().of(tree) == treehash.digest(tree) != before


@pytest.mark.usefixtures("old")
def test_later_runs_know_a_big_tree(tree: Path, tmp_path: Path, reads: Reads) -> None:
    before = Digests(tmp_path).of(tree)
    assert reads() == 2
    assert Digests(tmp_path).of(tree) == before
    assert reads() == 0
    (tree / "two").write_text("owt\n")
    assert Digests(tmp_path).of(tree) == treehash.digest(tree)
    assert reads() == 1 + 2


def test_of_a_small_tree_nothing_is_kept(tree: Path, tmp_path: Path) -> None:
    Digests(tmp_path).of(tree)
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("damage", ["", "no digest", "[]", '{"a"', "\0"])
@pytest.mark.usefixtures("old")
def test_a_damaged_memory_is_none(tree: Path, tmp_path: Path, damage: str) -> None:
    before = Digests(tmp_path).of(tree)
    kept = sorted((tmp_path / FOLDER).iterdir())
    assert [path.suffix for path in kept] == [".files", ".tree"]
    for path in kept:
        path.write_text(damage)
    assert Digests(tmp_path).of(tree) == before


@pytest.mark.usefixtures("old")
def test_a_cache_that_can_not_be_written_is_none(tree: Path, tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("no folder\n")
    assert Digests(tmp_path).of(tree) == treehash.digest(tree)


def test_a_tree_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Digests().of(tmp_path / "nothing")
