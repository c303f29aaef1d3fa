"""series-lint as a program: what it checks, what it prints, how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs.lint import examples
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import BY_CODE, RULES
from tests import checkout
from tests.lint.trees import lint

SERIES_LINT = checkout.ROOT / "series-lint"
CLEAN = BY_CODE["missing-series"].GOOD
BROKEN = BY_CODE["missing-series"].BAD
MISSING = (
    "base/series/squashfs:1:9: missing-series Series file for image set 'root-dri' not found.\n"
)


@pytest.fixture(name="here", autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def concise(*arguments: str | Path) -> str:
    return lint("--format=concise", "--select=missing-series", *arguments).out


def test_our_own_tree_is_clean(tmp_path: Path) -> None:
    """Of hints, too; by the script itself, as its user calls it."""
    ended = subprocess.run(
        [sys.executable, "./series-lint", "--fail-on=info", "--format=concise"],
        cwd=checkout.ROOT,
        env={**os.environ, "LIVECD_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.parametrize(
    ("example", "arguments", "status"),
    [
        (CLEAN, (), 0),
        (BROKEN, (), 1),
        (BROKEN, ("--ignore=missing-series",), 0),
        (BROKEN, ("--select=missing-script",), 0),
        (BROKEN, ("--selct=missing-script",), 2),
        (BROKEN, ("--select=missing-scrpt",), 2),
        (BROKEN, ("--tree=nowhere",), 2),
        (BROKEN, ("--config=nowhere.toml",), 2),
        (BROKEN, ("nowhere",), 2),
        (BROKEN, ("--diff",), 2),
        (BROKEN, ("--unsafe-fixes",), 2),
        (BROKEN, ("--explain=nothing",), 2),
        (BY_CODE["orphan-script"].BAD, (), 1),
        (BY_CODE["orphan-script"].BAD, ("--fail-on=error",), 0),
        (BY_CODE["number-prefix"].BAD, (), 0),
        (BY_CODE["number-prefix"].BAD, ("--fail-on=info",), 1),
    ],
)
def test_status(example: str, arguments: tuple[str, ...], status: int, here: Path) -> None:
    examples.plant(example, here / "hooks.d")
    ended = lint(*arguments)
    assert ended.status == status, ended.err


def test_the_last_line_counts(here: Path) -> None:
    examples.plant(BY_CODE["keyword-typo"].BAD, here / "hooks.d")
    assert lint("--select=keyword-typo").out.endswith(
        "\n\n5 errors; --fix mends 3 of them, with --unsafe-fixes 4\n"
    )
    assert lint("--select=keyword-typo", "--fix").out.endswith(
        "\n\n3 fixed, 2 errors; --fix --unsafe-fixes mends 1 of them\n"
    )
    assert lint("--select=missing-series").out == "nothing found\n"


def test_where_the_tree_is_found(here: Path) -> None:
    examples.plant(BROKEN, here / "x/hooks.d")
    assert concise("--tree", "x/hooks.d") == f"x/hooks.d/{MISSING}"
    assert concise("x/hooks.d") == f"x/hooks.d/{MISSING}"
    assert concise("x") == f"x/hooks.d/{MISSING}"
    assert concise("x/hooks.d/base/series/squashfs") == f"x/hooks.d/{MISSING}"
    for folder in ("x", "x/hooks.d", "x/hooks.d/base/series"):
        os.chdir(here / folder)
        assert concise().endswith(MISSING)


def test_only_named_files_matter(here: Path) -> None:
    examples.plant(BROKEN, here / "hooks.d")
    assert concise("hooks.d/base/series") == f"hooks.d/{MISSING}"
    assert concise("hooks.d/base/series/root-dir") == ""


def test_there_is_nothing_to_say_of_the_examples(here: Path) -> None:
    shutil.copytree(checkout.ROOT / "hooks.d", here / "hooks.d", symlinks=True)
    shutil.copytree(checkout.ROOT / "examples/hooks.d/extra", here / "hooks.d/extra")
    assert lint().out == "nothing found\n"


def test_several_trees(here: Path) -> None:
    for name in ("one", "two"):
        examples.plant(BROKEN, here / name / "hooks.d")
    assert concise("one", "two") == f"one/hooks.d/{MISSING}two/hooks.d/{MISSING}"


@pytest.mark.usefixtures("here")
def test_a_slip_of_the_pen_in_a_command() -> None:
    assert lint("grap").err == (
        "series-lint: there is no file 'grap'\n"
        "  help: name files and folders of a hooks.d, or one of the commands that series-lint"
        " --help lists\n"
    )
    assert lint("new").err.endswith("  help: see series-lint new --help\n")


def test_no_tree() -> None:
    ended = lint()
    assert ended.status == 2
    assert ended.err == (
        "series-lint: there is no hooks.d here\n"
        "  help: name a hooks.d with --tree DIR; it has base/series or extra/series\n"
    )


def test_settings_count_and_options_win(here: Path) -> None:
    examples.plant(BROKEN, here / "hooks.d")
    (here / "pyproject.toml").write_text(
        '[tool.series-lint]\nignore = ["missing-series"]\nfail-on = "error"\n'
    )
    assert lint().status == 0
    (here / "pyproject.toml").write_text('[tool.series-lint]\nselect = ["missing-script"]\n')
    assert lint().status == 0
    assert lint("--select=missing-series").status == 1


def test_private_hooks_alone_lie_over_the_shipped_tree(here: Path) -> None:
    examples.plant(
        "== extra/series/inventory\ndepends root-dir\nextra/inventory.binary\n"
        "provides ${PREFIX}.inventory.csv\n== extra/inventory.binary\n"
        "#!/bin/sh\nls rootfs.dir >$PREFIX.inventory.csv\n",
        here / "hooks.d",
    )
    (here / "hooks.d/chroot").rmdir()
    assert lint("--fail-on=info").out == "nothing found\n"
    examples.plant("== base/series/other\n", here / "public")
    assert "'root-dir' not found" in lint("--base=public").out


def test_statistics(here: Path) -> None:
    examples.plant(BY_CODE["keyword-typo"].BAD, here / "hooks.d")
    shown = lint("--statistics", "--select=keyword-typo,missing-series").out
    assert shown == "5  keyword-typo\n5 errors; --fix mends 3 of them, with --unsafe-fixes 4\n"


def test_colour_is_for_terminals_and_for_who_asks(here: Path) -> None:
    examples.plant(BROKEN, here / "hooks.d")
    assert "\x1b[" not in lint().out
    assert "\x1b[" in lint("--color=always").out


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.CODE)
def test_every_rule_explains_itself(rule: Rule) -> None:
    page = lint("--explain", rule.CODE).out
    assert page.startswith(f"{rule.CODE} ({rule.SEVERITY.value}): {rule.WHAT}.\n")
    assert f"# lint: allow {rule.CODE}\n" in page


def test_rules_are_listed() -> None:
    lines = lint("--rules").out.splitlines()
    assert [line.split()[0] for line in lines] == list(BY_CODE)


def test_a_fault_of_ours_is_no_finding(here: Path) -> None:
    """A rule that breaks must not look like a tree that has faults."""
    shutil.copytree(checkout.ROOT / "livecd_rootfs", here / "livecd_rootfs")
    shutil.copy(SERIES_LINT, here)
    broken = here / "livecd_rootfs/lint/rules/number_prefix.py"
    broken.write_text(broken.read_text().replace('"""Look at', 'raise KeyError\n    """Look at'))
    examples.plant(CLEAN, here / "hooks.d")
    ended = subprocess.run(
        [sys.executable, "./series-lint", "--no-cache"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "KeyError" in ended.stderr
