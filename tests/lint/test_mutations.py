"""Our own tree, broken by one accident: lint names the rule and the line, and nothing else.

The accidents fall where chance lets them, by seeds that stay the same, so that a failure is
one for everybody.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from livecd_rootfs.diagnostics.full import render
from livecd_rootfs.lint import engine
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.rules import RULES, shellcheck
from livecd_rootfs.lint.tree import LintTree
from tests import checkout
from tests.lint.accidents import ACCIDENTS, Copy, Where

# A process, which no other accident needs.
QUICK = tuple(rule for rule in RULES if rule is not shellcheck)
# One is enough for each change; a wider range, by hand, for a change of the rules themselves.
SEEDS = range(1)


def row(code: str, accident: Callable[[Copy], set[Where]]) -> object:
    marks = [pytest.mark.tools("shellcheck")] if code == shellcheck.CODE else []
    return pytest.param(code, accident, marks=marks, id=f"{code}-{accident.__name__}")


def test_every_rule_has_an_accident() -> None:
    assert {code for code, _ in ACCIDENTS} == {rule.CODE for rule in RULES}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("code", "accident"), [row(*one) for one in ACCIDENTS])
def test_one_accident(
    code: str, accident: Callable[[Copy], set[Where]], seed: int, tmp_path: Path
) -> None:
    root = tmp_path / "hooks.d"
    shutil.copytree(checkout.ROOT / "hooks.d", root, symlinks=True)
    expected = accident(Copy(root=root, random=Random(f"{accident.__name__} {seed}")))  # noqa: S311 (dice)

    found = engine.run(
        Context(LintTree(str(root))), RULES if code == shellcheck.CODE else QUICK
    ).findings

    shown = "".join(map(render, found))
    assert {one.code for one in found} == {code}, shown
    places = {
        (os.path.relpath(span.source.path, root), span.position.line)
        for span in (one.labels[0].span for one in found)
    }
    assert places <= expected, shown
