"""Many hooks are followed by several processes, and it makes no difference."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from livecd_rootfs.lint import examples
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import crew, reading, shell
from livecd_rootfs.lint.effects.model import Effects
from livecd_rootfs.lint.tree import LintTree

HOOKS = 6
TREE = "".join(
    f'== extra/{number}.binary\n#!/bin/sh\n. config/hooks.d/extra/lib.sh\nmake "$PREFIX.{number}"\n'
    for number in range(HOOKS)
)
LIBRARY = '== extra/lib.sh (not executable)\nmake() { touch "$1"; }\n'


def follow(places: range) -> Mapping[str, Mapping[str, Any]]:
    return {str(place): {"by": os.getpid()} for place in places}


def test_each_hook_is_followed_once_and_elsewhere() -> None:
    shares = list(crew.rows(follow, 3 * crew.SHARE + 1, 2))
    found = [key for share in shares for key in share]
    assert found == [str(place) for place in range(3 * crew.SHARE + 1)]
    assert os.getpid() not in {row["by"] for share in shares for row in share.values()}


def test_a_crew_that_is_killed_says_nothing_more() -> None:
    def die(_places: range) -> crew.Rows:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    assert list(crew.rows(die, 3, 2)) == []


def effects(folder: Path, processes: int) -> dict[str, Effects]:
    context = Context(LintTree("hooks.d"), cache=folder, processes=processes)
    return {name: context.effects(name) for name in context.hooks}


@pytest.fixture(name="_many")
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples.plant(TREE + LIBRARY, Path("hooks.d"))
    monkeypatch.setattr(reading, "MANY", HOOKS)


@pytest.mark.usefixtures("_many")
def test_what_they_find_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = effects(tmp_path / "one", 1)
    own, real = os.getpid(), shell.effects

    def elsewhere(*arguments: Any) -> Effects:
        assert os.getpid() != own
        return real(*arguments)

    monkeypatch.setattr(shell, "effects", elsewhere)
    together = effects(tmp_path / "two", 2)
    assert {name: [t.name for t in found.produced] for name, found in together.items()} == {
        f"extra/{number}.binary": [f"${{PREFIX}}.{number}"] for number in range(HOOKS)
    }
    assert [repr(found) for found in together.values()] == [repr(f) for f in alone.values()]


@pytest.mark.usefixtures("_many")
def test_what_they_can_not_read_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    Path("hooks.d/extra/lib.sh").unlink()
    Path("hooks.d/extra/lib.sh").mkdir()
    assert all("*" in {t.name for t in f.touches} for f in effects(tmp_path / "c", 2).values())
