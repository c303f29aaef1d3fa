"""Fixes: what they mend is mended, once and for all, and no other byte changes."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint import examples, fixes
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import BY_CODE, RULES
from livecd_rootfs.lint.tree import LintTree
from tests.lint.trees import found_in, lint, only

MENDING = [rule for rule in RULES if rule.FIXES]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def state(root: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mode) for path in files}


@pytest.mark.parametrize("rule", MENDING, ids=lambda rule: rule.CODE)
def test_what_a_rule_can_mend_is_mended_once(rule: Rule, tmp_path: Path) -> None:
    mendable = [one for one in found_in(rule.BAD, tmp_path, only(rule)) if one.fix]
    assert mendable
    codes = ",".join(one.CODE for one in only(rule)) if len(only(rule)) > 1 else rule.CODE
    lint("--fix", "--unsafe-fixes", "--select", codes)
    after = state(tmp_path)
    again = lint("--fix", "--unsafe-fixes", "--select", codes, "--format", "json")
    assert '"safe"' not in again.out
    assert state(tmp_path) == after


def test_rules_that_mend_nothing_have_no_fixes(tmp_path: Path) -> None:
    for rule in set(RULES) - set(MENDING):
        folder = tmp_path / rule.CODE
        folder.mkdir()
        with chdir(folder):
            assert not [one for one in found_in(rule.BAD, folder, only(rule)) if one.fix]


MESSY = """\
== base/series/disk
#\tdisk:  caf\udce9 \r
\r
   Depends   root-dir\r
\tbase/disk.binary   # why  \r
provides ${PREFIX}.img ${PREFIX}.sbom\r
# the end
"""
MENDED = (
    b"#\tdisk:  caf\xe9 \r\n\r\n   depends root-dir\r\n\t# why\r\n\tbase/disk.binary  \r\n"
    b"provides ${PREFIX}.img\r\nprovides ${PREFIX}.sbom\r\n# the end\n"
)


def test_layout_and_comments_stay(tmp_path: Path) -> None:
    """A blank at a line's end is none of a fix's business either."""
    root = examples.plant(MESSY, tmp_path / "hooks.d")
    file = root / "base/series/disk"
    before = {**state(tmp_path), str(file): (MENDED, file.stat().st_mode)}
    lint("--fix", "--select", "keyword-typo,inline-comment,several-names")
    assert state(tmp_path) == before


def test_a_dry_run_shows_and_changes_nothing(tmp_path: Path) -> None:
    root = examples.plant(BY_CODE["inline-comment"].BAD, tmp_path / "hooks.d")
    (root / "base/squashfs.binary").chmod(0o644)
    before = state(tmp_path)
    shown = lint("--fix", "--diff")
    assert shown.out == (
        "chmod +x hooks.d/base/squashfs.binary\n"
        "--- hooks.d/base/series/squashfs\n"
        "+++ hooks.d/base/series/squashfs\n"
        "@@ -1 +1,2 @@\n"
        "-base/squashfs.binary # for LXD\n"
        "+# for LXD\n"
        "+base/squashfs.binary\n"
    )
    assert shown.status == 1
    assert state(tmp_path) == before


def test_guesses_are_made_only_when_asked_for(tmp_path: Path) -> None:
    root = examples.plant(BY_CODE["missing-series"].BAD, tmp_path / "hooks.d")
    file = root / "base/series/squashfs"
    before = file.read_bytes()
    lint("--fix")
    assert file.read_bytes() == before
    lint("--fix", "--unsafe-fixes")
    assert file.read_bytes() == before.replace(b"root-dri", b"root-dir")


def test_a_run_bit_is_for_those_who_may_read(tmp_path: Path) -> None:
    root = examples.plant(BY_CODE["not-executable"].BAD, tmp_path / "hooks.d")
    (root / "base/squashfs.binary").chmod(0o640)
    lint("--fix")
    assert (root / "base/squashfs.binary").stat().st_mode & 0o777 == 0o750
    assert (root / "chroot/010-locale.chroot").stat().st_mode & 0o777 == 0o755


def test_a_link_stays_one(tmp_path: Path) -> None:
    root = examples.plant(BY_CODE["inline-comment"].BAD, tmp_path / "hooks.d")
    file = root / "base/series/squashfs"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    lint("--fix")
    assert file.is_symlink()
    assert file.read_text() == "# for LXD\nbase/squashfs.binary\n"


def finding(tree: LintTree, start: int, end: int) -> Diagnostic:
    span = tree.text("hooks.d/base/series/a").span(start, end)
    return Diagnostic(
        code="x",
        severity=Severity.ERROR,
        message="x",
        labels=(Label(span=span),),
        fix=Fix(message="x", edits=(Edit(span=span, replacement="X"),)),
    )


def test_fixes_that_touch_wait_for_the_next_run(tmp_path: Path) -> None:
    examples.plant("== base/series/a\nabcdef\n", tmp_path / "hooks.d")
    tree = LintTree("hooks.d")
    planned = fixes.plan([finding(tree, 0, 2), finding(tree, 2, 4), finding(tree, 5, 6)], tree)
    assert planned.contents == {"hooks.d/base/series/a": b"XcdeX\n"}
    assert len(planned.findings) == 2


def test_a_fix_of_a_text_that_changed_meanwhile_is_none(tmp_path: Path) -> None:
    root = examples.plant("== base/series/a\nabcdef\n", tmp_path / "hooks.d")
    found = finding(LintTree("hooks.d"), 0, 2)
    (root / "base/series/a").write_text("ghijkl\n")
    assert fixes.plan([found], LintTree("hooks.d")).contents == {}


def test_what_can_not_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    planned = fixes.Fixed(findings=(), contents={"gone/file": b"x"}, executable=())
    with pytest.raises(LivecdError, match="can't be written"):
        fixes.write(planned)
    assert list((tmp_path / "gone").iterdir()) == []
