"""The rules, by their own examples: each finds what it marks, and renders as the snapshot has it.

LIVECD_UPDATE_GOLDEN=1 writes the snapshots anew; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecd_rootfs.diagnostics import Diagnostic
from livecd_rootfs.diagnostics.full import render
from livecd_rootfs.lint import examples
from livecd_rootfs.lint.examples import Mark
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import BY_CODE, RULES
from tests import checkout
from tests.lint.trees import HERE, found_in, only

SNAPSHOTS = Path(__file__).parent / "golden"
MODULES = checkout.ROOT / "livecd_rootfs/lint/rules"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rule_id(rule: Rule) -> str:
    return rule.CODE


def marked(found: Diagnostic) -> list[Mark]:
    """What a finding points at, as an example marks it."""
    return [
        Mark(
            name=os.path.relpath(label.span.source.path, HERE),
            line=label.span.position.line,
            column=label.span.position.column,
            length=label.span.end - label.span.start,
        )
        for label in found.labels
    ]


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_bad_example(rule: Rule, tmp_path: Path) -> None:
    found = found_in(rule.BAD, tmp_path, only(rule))
    assert found
    assert {one.code for one in found} == {rule.CODE}
    marks = {mark for file in examples.read(rule.BAD) for mark in file.marks}
    pointed_at = {mark for one in found for mark in marked(one)}
    assert marks <= pointed_at
    assert {marked(one)[0] for one in found if one.labels[0].span.source.text} <= marks


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_good_example(rule: Rule, tmp_path: Path) -> None:
    assert found_in(rule.GOOD, tmp_path, only(rule)) == ()


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_rendering(rule: Rule, tmp_path: Path) -> None:
    shown = "".join(f"{render(one)}\n" for one in found_in(rule.BAD, tmp_path, only(rule)))
    snapshot = SNAPSHOTS / rule.CODE
    if os.environ.get("LIVECD_UPDATE_GOLDEN"):
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(shown, encoding="utf-8")
    assert shown == snapshot.read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_documentation(rule: Rule) -> None:
    assert rule.WHAT[0].islower()
    assert rule.WHAT[-1] != "."
    for text in (rule.WHY, rule.INSTEAD):
        assert text[0].isupper() or text[0] == "`"
        assert text[-1] == "."
    assert not rule.FIXES or rule.FIXES[-1] == "."


def test_each_module_is_in_the_table_once() -> None:
    modules = {path.stem for path in MODULES.glob("*.py")} - {"__init__"}
    assert {rule.CODE.replace("-", "_") for rule in RULES} == modules
    assert len(BY_CODE) == len(RULES)
