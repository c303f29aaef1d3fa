"""Layered equals flat, and together equals alone: for whole builds of random hooks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecd_rootfs.layers import flatten, treehash
from livecd_rootfs.layers.store import Store
from tests.build import layered
from tests.build.conftest import PACKAGE, Command, Tree, plant

pytestmark = pytest.mark.root


@given(source=st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_layered_equals_flat(
    tiny_root: Path, tmp_path_factory: pytest.TempPathFactory, source: random.Random
) -> None:
    """The finished build directories of a run are what the hooks make of a plain one."""
    command = Command(folder=tmp_path_factory.mktemp("equal"), root=tiny_root)
    builds = layered.random_builds(source)
    folder = plant(command.folder, layered.files(builds))
    for target in builds:
        (folder / f"base/{target}-end.binary").write_text(f"#!/bin/sh\n> livecd.test.{target}\n")
    kept = command.folder / "kept"
    layered.events(command, *builds, "--jobs", "2", "--keep", str(kept))
    for target, hooks in builds.items():
        expected = layered.flat(command.root, hooks, command.folder / f"flat-{target}")
        (expected / f"livecd.test.{target}").touch()
        differences = list(treehash.differences(expected, kept / target))
        assert not differences, hooks


@pytest.mark.parametrize("seed", range(100, 103))
def test_together_equals_alone(tree: Tree, command: Command, seed: int) -> None:
    """N targets in one run make the same bytes as N runs, each with an empty store."""
    builds = layered.random_builds(random.Random(seed))  # noqa: S311 (likewise)
    tree(layered.files(builds))
    said = layered.events(command, *builds, "--jobs", "2")
    steps = sum(len(hooks) for hooks in builds.values())
    assert len(layered.ran(said)) < steps, "nothing was shared"
    assert without_sums(command) == all_alone(command, builds)


def all_alone(command: Command, targets: Iterable[str]) -> dict[str, bytes]:
    return {name: data for target in targets for name, data in alone(command, target).items()}


def alone(command: Command, target: str) -> dict[str, bytes]:
    folder = command.folder / f"alone-{target}"
    folder.mkdir()
    (folder / "hooks.d").symlink_to(command.folder / "hooks.d")
    own = replace(command, folder=folder)
    layered.events(own, target)
    return without_sums(own)


def without_sums(command: Command) -> dict[str, bytes]:
    made = layered.artifacts(command.output)
    del made["SHA256SUMS"]
    return made


SHORT = """
from livecd_rootfs import cli
from livecd_rootfs.layers import flatten
flatten.LONGEST_CHAIN = 4
cli.main()
"""


def test_chains_that_grow_too_long_are_flattened(tree: Tree, command: Command) -> None:
    """At four layers here, instead of some hundred; the second run finds the flat ones."""
    builds = layered.random_builds(random.Random(300))  # noqa: S311 (likewise)
    tree(layered.files(builds))
    for _ in range(2):
        words = command.argv(*builds)[3:]
        subprocess.run(
            [sys.executable, "-c", SHORT, *words],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    kinds = {layer.meta.recipe.kind for layer in Store.open(command.cache).layers()}
    assert flatten.KIND in kinds
    assert without_sums(command) == all_alone(command, builds)
