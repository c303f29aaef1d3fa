"""Removing trees: all of one, nothing of another."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import trees
from livecd_rootfs.errors import LivecdError


def test_a_tree_goes_with_links_that_lead_elsewhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "file").touch()
    (tree / "link").symlink_to(outside)
    (tree / "dangling").symlink_to("nowhere")
    trees.remove(tree)
    assert not tree.exists()
    assert (outside / "kept").exists()


def test_a_file_and_nothing_at_all_can_be_removed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    trees.remove(file)
    trees.remove(file)
    assert not file.exists()


def test_directories_without_permissions_go_too(tmp_path: Path) -> None:
    """As an overlay leaves its work/work."""
    folder = tmp_path / "work"
    (folder / "work").mkdir(parents=True)
    (folder / "work").chmod(0)
    trees.remove(folder)
    assert not folder.exists()


def test_emptying_leaves_the_directory(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").touch()
    trees.empty(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.root
def test_nothing_is_removed_while_something_is_mounted_below(tmp_path: Path) -> None:
    tree, source = tmp_path / "tree with space", tmp_path / "source"
    (tree / "point").mkdir(parents=True)
    (tree / "file").touch()
    source.mkdir()
    (source / "precious").touch()
    subprocess.run(["mount", "--bind", source, tree / "point"], check=True)
    try:
        with pytest.raises(LivecdError, match="something is mounted") as failure:
            trees.remove(tree)
        assert failure.value.remedy == f"umount {tree / 'point'}"
        assert (source / "precious").exists()
        assert (tree / "file").exists()
    finally:
        subprocess.run(["umount", tree / "point"], check=True)


def test_sizes_count_a_hard_linked_file_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 8192)
    os.link(tmp_path / "a", tmp_path / "b")
    assert trees.size(tmp_path) == (tmp_path / "a").stat().st_blocks * 512
