"""``explain`` after builds: what the cache has of a step, and which change had it made anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.build.conftest import PACKAGE, Command, Tree

pytestmark = pytest.mark.root

FILES = {
    "chroot/010-first.chroot": "#!/bin/sh\n# hook: env=\necho first >/etc/first\n",
    "chroot/020-second.chroot": "#!/bin/sh\n# hook: env=\necho second >/etc/second\n",
    "base/series/box": "base/box.binary\nprovides ${PREFIX}.box\n",
    "base/box.binary": "#!/bin/sh\n# hook: env=IMAGE_SIZE inputs=\necho box >livecd.test.box\n",
}


def explain(command: Command, name: str, *more: str) -> list[str]:
    """The lines on what the cache knows."""
    ended = subprocess.run(
        (sys.executable, "-m", "livecd_rootfs", "explain", name, "box",
         "--tree", command.folder / "hooks.d", "--base", command.root, "--tools", "host",
         "--cache", command.cache, "--project", "test", *more),
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        cwd=command.folder,
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    words = ("Cached:", "Made because:", "To run:", "First:")
    lines = [line.strip() for line in ended.stdout.splitlines()]
    return [line for line in lines if line.startswith(words)]


def change(path: Path) -> None:
    path.write_text(path.read_text() + "# changed\n")


def test_before_any_build_nothing_is_told_and_no_cache_is_made(
    command: Command, tree: Tree
) -> None:
    tree(FILES)
    assert explain(command, "box.binary") == []
    assert not command.cache.exists()


def test_a_step_that_is_cached(command: Command, tree: Tree) -> None:
    tree(FILES)
    assert command.run("box").returncode == 0
    cached, why = explain(command, "box.binary")
    assert cached.startswith("Cached: ")
    assert why == "Made because: it never ran before."


def test_a_step_that_has_changed(command: Command, tree: Tree) -> None:
    folder = tree(FILES)
    assert command.run("box").returncode == 0
    change(folder / "chroot/020-second.chroot")
    said = "hook bytes chroot/020-second.chroot changed."
    assert explain(command, "020-second.chroot") == [f"To run: {said}"]
    assert explain(command, "box.binary") == [
        "To run: the step before it changed: chroot/020-second.chroot.",
        f"First: chroot/020-second.chroot: {said}",
    ]
    assert explain(command, "010-first.chroot")[0].startswith("Cached: ")


def test_why_it_was_rebuilt(command: Command, tree: Tree) -> None:
    folder = tree(FILES)
    assert command.run("box").returncode == 0
    change(folder / "chroot/010-first.chroot")
    assert command.run("box").returncode == 0
    said = "hook bytes chroot/010-first.chroot changed."
    assert explain(command, "010-first.chroot")[1:] == [f"Made because: {said}"]
    assert explain(command, "box.binary")[1:] == [
        "Made because: the step before it changed: chroot/020-second.chroot.",
        f"First: chroot/010-first.chroot: {said}",
    ]


def test_a_setting_that_differs_is_named(command: Command, tree: Tree) -> None:
    tree(FILES)
    assert command.run("box").returncode == 0
    assert explain(command, "box.binary", "--image-size", "3G") == [
        "To run: variable IMAGE_SIZE was '', is '3G'."
    ]


def test_a_root_that_was_never_bootstrapped(command: Command, tree: Tree) -> None:
    tree(FILES)
    assert command.run("box").returncode == 0
    ended = subprocess.run(
        (sys.executable, "-m", "livecd_rootfs", "explain", "box.binary", "box",
         "--tree", command.folder / "hooks.d", "--tools", "host", "--cache", command.cache),
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        cwd=command.folder,
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert "To run: the cache holds no root of 'trixie' with these packages." in ended.stdout
