"""Waivers: which lines they speak of, and what is said of those that are not needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.lint import engine, examples, waivers
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.rules import BY_CODE
from livecd_rootfs.lint.text import Text
from livecd_rootfs.lint.tree import LintTree

WAIVED = """\
== base/series/squashfs
{comment}
base/gone.binary
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.code, one.lines) for one in waivers.read(Text("file", text.encode()))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x\n# lint: allow a\ny\n", [("a", (3,))]),
        ("x\n# lint: allow a, b c -- the reason, at length\ny\n",
         [("a", (3,)), ("b", (3,)), ("c", (3,))]),
        ("x\n#lint:allow a\n# another comment\ny\n", [("a", (4,))]),
        ("# lint: allow a\ny\n", [("a", (1, 2))]),
        ("#!/bin/sh\n# lint: allow a\nset -e\n", [("a", (1, 3))]),
        ("x\n# lint: allow a\n", [("a", (3,))]),
        ("x\n# lint: allow\ny\n", []),
        ("x\necho '# lint: allow a'\ny\n", []),
        ("x # lint: allow a\ny\n", []),
    ],
)  # fmt: skip
def test_read(text: str, found: list[tuple[str, tuple[int, ...]]]) -> None:
    assert read(text) == found


def result(comment: str, folder: Path, *codes: str) -> engine.Result:
    examples.plant(WAIVED.format(comment=comment), folder / "hooks.d")
    rules = tuple(BY_CODE[code] for code in codes)
    return engine.run(Context(LintTree("hooks.d")), rules)


def test_a_waiver_allows(tmp_path: Path) -> None:
    found = result("# lint: allow missing-script", tmp_path, "missing-script", "unneeded-waiver")
    assert found.findings == ()
    assert [one.code for one in found.waived] == ["missing-script"]


def test_a_waiver_of_another_rule_does_not(tmp_path: Path) -> None:
    found = result("# lint: allow missing-series", tmp_path, "missing-script")
    assert [one.code for one in found.findings] == ["missing-script"]


@pytest.mark.parametrize(
    ("codes", "reported"),
    [
        (("missing-series", "unneeded-waiver"), ["unneeded-waiver"]),
        (("missing-script", "unneeded-waiver"), ["missing-script"]),  # it may be needed
        (("missing-series",), []),
    ],
)
def test_what_is_not_needed_is_told(
    codes: tuple[str, ...], reported: list[str], tmp_path: Path
) -> None:
    found = result("# lint: allow missing-series", tmp_path, *codes)
    assert [one.code for one in found.findings] == reported


def test_what_may_be_needed_once_errors_are_mended_is_not_told(tmp_path: Path) -> None:
    comment = "# lint: allow aggregate-drift"
    codes = ("missing-script", "aggregate-drift", "unneeded-waiver")
    assert [one.code for one in result(comment, tmp_path, *codes).findings] == ["missing-script"]
    (tmp_path / "hooks.d/base/gone.binary").touch()
    found = engine.run(Context(LintTree("hooks.d")), tuple(BY_CODE[code] for code in codes))
    assert [one.code for one in found.findings] == ["unneeded-waiver"]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("# lint: allow a -- why\n", ""),
        ("# lint: allow a, b -- why\n", "# lint: allow b -- why\n"),
        ("# lint: allow b,a\n", "# lint: allow b\n"),
        ("# lint: allow b a, c\n", "# lint: allow b c\n"),
    ],
)
def test_a_name_is_taken_out(line: str, left: str) -> None:
    text = Text("file", f"x\n{line}y\n".encode())
    (waiver,) = (one for one in waivers.read(text) if one.code == "a")
    assert text.replaced([waivers.removal(waiver)]).decode() == f"x\n{left}y\n"


def test_a_name_of_no_rule_is_told_with_the_near_one(tmp_path: Path) -> None:
    found = result("# lint: allow mising-script", tmp_path, "unneeded-waiver").findings
    assert [one.help for one in found] == ["did you mean 'missing-script'?"]
