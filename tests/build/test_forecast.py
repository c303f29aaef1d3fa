"""``plan --builds``: what would run, what is cached, and why; nothing is run for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.build.conftest import PACKAGE, Command, Tree

pytestmark = pytest.mark.root

FILES = {
    "chroot/010-x.chroot": "#!/bin/sh\n",
    "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
    "base/series/two": "base/two.binary\nprovides ${PREFIX}.two\n",
    "base/one.binary": "#!/bin/sh\n# hook: inputs=\necho 1 > livecd.test.one\n",
    "base/two.binary": "#!/bin/sh\n# hook: inputs=\necho 2 > livecd.test.two\n",
}


def rows(command: Command, *targets: str) -> list[tuple[str, str, str, str]]:
    """State, step, builds and reason of each step."""
    ended = subprocess.run(
        (sys.executable, "-m", "livecd_rootfs", "plan", *targets, "--builds",
         "--tree", str(command.folder / "hooks.d"), "--base", str(command.root),
         "--cache", str(command.cache), "--tools", "host", "--project", "test"),
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        cwd=command.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    cells = [line.split("   ") for line in ended.stdout.splitlines()[2:]]
    kept = [[cell.strip() for cell in row if cell.strip()] for row in cells]
    return [(row[1], row[3], row[4], " ".join(row[5:])) for row in kept]


def test_what_two_builds_share_stands_once(tree: Tree, command: Command) -> None:
    tree(FILES)
    assert rows(command, "one", "two") == [
        ("run", "base directory", "one two", "it never ran before"),
        ("run", "chroot/010-x.chroot", "one two", "it never ran before"),
        ("run", "base/one.binary", "one", "it never ran before"),
        ("run", "base/two.binary", "two", "it never ran before"),
    ]
    assert not (command.cache / "store" / "layers").exists() or not list(
        (command.cache / "store" / "layers").iterdir()
    )


def test_after_a_build_only_what_changed_is_to_run(tree: Tree, command: Command) -> None:
    tree(FILES)
    assert command.run("one", "two").returncode == 0
    assert [row[0] for row in rows(command, "one", "two")] == ["cached"] * 4
    tree({"base/two.binary": FILES["base/two.binary"] + "# changed\n"})
    assert rows(command, "one", "two")[2:] == [
        ("cached", "base/one.binary", "one", ""),
        ("run", "base/two.binary", "two", "hook bytes base/two.binary changed"),
    ]
