"""Layered equals flat for the real hooks: every file of the build directory is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs.build import recipes
from livecd_rootfs.build.plan import StepKind
from livecd_rootfs.layers import treehash
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store
from tests.images.conftest import CHECKOUT, TARGETS, Built

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]


def bootstrapped(cache: Path) -> Layer:
    """The layer of the root that the image was made from."""
    bases = [
        layer
        for layer in Store.open(cache).layers()
        if layer.meta.recipe.kind == StepKind.BASE.value
    ]
    return max(bases, key=lambda layer: layer.meta.created)


def test_the_same_hooks_in_a_plain_directory(built: Built, tmp_path: Path) -> None:
    root = bootstrapped(built.cache)
    kept, plain = tmp_path / "kept", tmp_path / "plain"
    again = built.livecd_rootfs(
        "build", TARGETS, "--output", str(tmp_path / "out"), "--keep", str(kept), "--offline"
    )
    assert again.returncode == 0, again.stderr
    argv = (
        *(sys.executable, "-m", "tests.images.flat", plain, "build", TARGETS),
        *("--base", root.diff / "chroot", "--source-date-epoch"),
        *(str(recipes.date_of(root.meta.recipe)), "--cache", tmp_path / "cache"),
        *("--output", tmp_path / "out2"),
    )
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/tools").symlink_to(built.cache / "tools")
    ended = subprocess.run(
        argv,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    (layered,) = kept.iterdir()
    assert list(treehash.differences(plain, layered)) == []
    assert len([*plain.glob("chroot/usr/bin/*")]) > 300, "it compared nothing"
