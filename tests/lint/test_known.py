"""Findings of an earlier run: the same as new ones, and gone with the first change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.diagnostics import Diagnostic
from livecd_rootfs.diagnostics.full import render
from livecd_rootfs.lint import engine, examples, known
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import BY_CODE, RULES
from livecd_rootfs.lint.tree import LintTree
from tests.lint.trees import only

AN_HOUR = 3600 * 10**9


@pytest.fixture(name="here", autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(name="_later")
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that was written before was written an hour ago."""
    later = time.time_ns() + AN_HOUR
    monkeypatch.setattr("time.time_ns", lambda: later)


def find(rules: tuple[Rule, ...] = RULES) -> tuple[tuple[Diagnostic, ...], bool]:
    """The findings, and whether they had to be looked for."""
    looked = []
    tree = LintTree("hooks.d")

    def look() -> tuple[Diagnostic, ...]:
        looked.append(True)
        return engine.run(Context(tree), rules).findings

    return known.findings("cache", tree, [rule.CODE for rule in rules], look), bool(looked)


@pytest.mark.usefixtures("_later")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.CODE)
def test_they_come_back_as_they_were(rule: Rule, here: Path) -> None:
    examples.plant(rule.BAD, here / "hooks.d")
    found, _ = find(only(rule))
    again, looked = find(only(rule))
    assert not looked
    assert [render(one) for one in again] == [render(one) for one in found]
    assert [one.fix and one.fix.message for one in again] == [
        one.fix and one.fix.message for one in found
    ]


def touch_content(root: Path) -> None:
    (root / "base/series/squashfs").write_text("base/squashfs.binary\n# more\n")


def add(root: Path) -> None:
    (root / "base/another.binary").write_text("#!/bin/sh\n")


def remove(root: Path) -> None:
    (root / "base/squashfs.binary").unlink()


def change_mode(root: Path) -> None:
    (root / "base/squashfs.binary").chmod(0o644)


def change_what_a_link_leads_to(root: Path) -> None:
    (root.parent / "box.ovf").write_text("another")


def lose_what_a_link_leads_to(root: Path) -> None:
    (root.parent / "box.ovf").unlink()


@pytest.mark.usefixtures("_later")
@pytest.mark.parametrize(
    "change",
    [
        touch_content,
        add,
        remove,
        change_mode,
        change_what_a_link_leads_to,
        lose_what_a_link_leads_to,
    ],
    ids=lambda one: one.__name__,
)
def test_any_change_is_seen(change: Callable[[Path], None], here: Path) -> None:
    root = examples.plant(BY_CODE["wrong-suffix"].GOOD, here / "hooks.d")
    (here / "box.ovf").write_text("one")
    (root / "base/box.ovf").symlink_to("../../box.ovf")
    find()
    change(root)
    assert find()[1]


@pytest.mark.usefixtures("_later")
def test_other_rules_find_other_things(here: Path) -> None:
    examples.plant(BY_CODE["wrong-suffix"].GOOD, here / "hooks.d")
    find()
    assert find(RULES[:3])[1]


def test_what_changed_a_moment_ago_is_looked_at_again(here: Path) -> None:
    """The next change could have the same time."""
    examples.plant(BY_CODE["wrong-suffix"].GOOD, here / "hooks.d")
    find()
    assert find()[1]


@pytest.mark.usefixtures("_later")
@pytest.mark.parametrize("text", ["", "[1]", '[{"code": "x"}]', "{"])
def test_a_damaged_cache_costs_time_only(text: str, here: Path) -> None:
    examples.plant(BY_CODE["wrong-suffix"].BAD, here / "hooks.d")
    found, _ = find()
    (kept,) = (here / "cache/lint").iterdir()
    kept.write_text(text)
    assert [one.code for one in find()[0]] == [one.code for one in found]


@pytest.mark.usefixtures("_later")
def test_a_cache_that_can_not_be_written_costs_time_only(here: Path) -> None:
    examples.plant(BY_CODE["wrong-suffix"].BAD, here / "hooks.d")
    (here / "cache").write_text("a file")
    assert [one.code for one in find()[0]] == ["wrong-suffix"]


@pytest.mark.usefixtures("_later")
def test_old_ones_are_removed(here: Path) -> None:
    root = examples.plant(BY_CODE["wrong-suffix"].GOOD, here / "hooks.d")
    for number in range(known.KEPT_AT_MOST + 3):
        (root / "base/notes").write_text("x" * number)
        find(RULES[:1])
    assert len(os.listdir(here / "cache/lint")) == known.KEPT_AT_MOST  # noqa: PTH208 (names will do)
