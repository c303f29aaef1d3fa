"""Builds that are killed at any moment: the next one makes the same, and nothing is left over."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import checkout
from tests.build import killed
from tests.build.conftest import Command, Tree

ROUNDS = 100


@pytest.mark.root
@pytest.mark.slow
def test_killed_at_any_moment_the_next_build_makes_the_same(tree: Tree, command: Command) -> None:
    tree(killed.FILES)
    argv = [sys.executable, "-W", "error", "-m", "tests.build.killed"]
    ended = subprocess.run(
        [*argv, command.folder, command.root, "1", str(ROUNDS)],
        cwd=checkout.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert (ended.stderr, ended.returncode) == ("", 0)
