"""What a hooks.d contains."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.hooktree import HookTree
from tests.trees import plant


def tree(root: Path, *files: str) -> HookTree:
    return HookTree(str(plant(root, dict.fromkeys(files, ""))))


def test_series_in_extra_replaces_the_one_in_base(tmp_path: Path) -> None:
    hooks = HookTree(
        str(plant(tmp_path, {"base/series/a": "base/a.binary", "extra/series/a": "extra/a.binary"}))
    )
    series = hooks.series("a")
    assert series is not None
    assert [entry.name for entry in series.entries] == ["extra/a.binary"]
    assert series.source.path == f"{tmp_path}/extra/series/a"


@pytest.mark.parametrize("name", ["b", "folder", "nul\0", "", ".", "x" * 300, "a/b", "loop"])
def test_no_series(tmp_path: Path, name: str) -> None:
    hooks = tree(tmp_path, "base/series/a", "base/series/folder/a")
    (tmp_path / "base/series/loop").symlink_to("loop")
    assert hooks.series(name) is None


def test_series_names_are_sorted_files(tmp_path: Path) -> None:
    hooks = tree(
        tmp_path, "base/series/b", "base/series/a", "extra/series/a", "extra/series/C", "base/x"
    )
    (tmp_path / "base/series/folder").mkdir()
    assert hooks.series_names() == ("C", "a", "b")


def test_a_tree_without_series_has_no_names(tmp_path: Path) -> None:
    assert tree(tmp_path).series_names() == ()


def test_chroot_hooks_are_sorted_as_one_list(tmp_path: Path) -> None:
    hooks = tree(
        tmp_path,
        "chroot/02-b.chroot",
        "chroot/01-a.chroot_early",
        "chroot/03-c.chroot_early",
        "chroot/04-d.binary",
        "chroot/05-e.chroot~",
    )
    assert hooks.chroot_hooks() == (
        "chroot/01-a.chroot_early",
        "chroot/02-b.chroot",
        "chroot/03-c.chroot_early",
    )


def test_without_chroot_folder(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="chroot can't be listed"):
        HookTree(str(tmp_path)).chroot_hooks()


def test_without_tree(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="nowhere is not a folder of hooks"):
        HookTree(str(tmp_path / "nowhere")).chroot_hooks()


@pytest.mark.parametrize(
    ("files", "hooks"),
    [
        ((), ()),
        (("base/final.binary",), ("base/final.binary",)),
        (("extra/final.binary",), ("extra/final.binary",)),
        (
            ("extra/final.binary", "base/final.binary"),
            ("base/final.binary", "extra/final.binary"),
        ),
        (("base/final.binary/x",), ()),
    ],
)
def test_final_hooks(tmp_path: Path, files: tuple[str, ...], hooks: tuple[str, ...]) -> None:
    assert tree(tmp_path, *files).final_hooks() == hooks


@pytest.mark.parametrize(
    ("hook", "state"),
    [
        ("base/run.binary", "ready"),
        ("base/link.binary", "ready"),
        ("base/../base/run.binary", "ready"),
        ("base/gone/../run.binary", "ready"),  # as the link to it is written
        ("base/plain.binary", "not executable"),
        ("base", "not a file"),
        ("base/gone.binary", "missing"),
        ("base/dangling.binary", "missing"),
        ("base/run.binary/x", "missing"),
        ("base/nul\0.binary", "missing"),
        ("base/run.binary\0", "missing"),
        ("base/" + "x" * 300, "missing"),
    ],
)
def test_hook_state(tmp_path: Path, hook: str, state: str) -> None:
    hooks = tree(tmp_path, "base/run.binary", "base/plain.binary")
    (tmp_path / "base/plain.binary").chmod(0o644)
    (tmp_path / "base/link.binary").symlink_to("run.binary")
    (tmp_path / "base/dangling.binary").symlink_to("gone")
    assert hooks.hook_state(hook) == state


def test_hook_names_leave_out_series_and_what_is_no_hook(tmp_path: Path) -> None:
    hooks = tree(
        tmp_path, "make-hooks", "base/b.binary", "base/series/b", "extra/a/c.binary", "chroot/d"
    )
    assert hooks.hook_names() == ("base/b.binary", "chroot/d", "extra/a/c.binary")
