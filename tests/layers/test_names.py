"""The names of what a layer changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecd_rootfs.layers import names
from livecd_rootfs.layers.key import Recipe
from livecd_rootfs.layers.layer import Layer, Meta


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    recipe = Recipe(parent=None, kind="binary", name="x", parts=())
    meta = Meta(
        key="k", making="m", after=None, recipe=recipe, seconds=0, created=0, size=0, boot=""
    )
    (tmp_path / "diff").mkdir()
    return Layer(path=tmp_path, meta=meta)


def make(layer: Layer, *files: str) -> None:
    for name in files:
        path = layer.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_files_are_told_and_empty_directories(layer: Layer) -> None:
    make(layer, "diff/livecd.x.a", "diff/binary/boot/disk.ext4")
    (layer.diff / "scratch").mkdir()
    (layer.diff / "link").symlink_to("nowhere")
    assert names.written(layer) == ("binary/boot/disk.ext4", "link", "livecd.x.a", "scratch")


def test_of_the_root_and_of_overlays_there_is_one_name(layer: Layer) -> None:
    make(layer, "diff/chroot/etc/a", "diff/chroot/etc/b", "overlays/rootfs.dir/upper/etc/c")
    (layer.diff / "rootfs.dir").mkdir()
    assert names.written(layer) == ("chroot", "rootfs.dir")


def test_nothing_was_changed(layer: Layer) -> None:
    assert names.written(layer) == ()


@pytest.mark.root
def test_what_was_removed_is_not_written(layer: Layer) -> None:
    make(layer, "diff/kept")
    (layer.diff / "binary").mkdir()
    for name in ("gone", "binary/gone"):
        os.mknod(layer.diff / name, 0o020000, os.makedev(0, 0))
    assert names.written(layer) == ("kept",)
