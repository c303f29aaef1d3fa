"""A report of a real build on a tiny root: of one that goes well, and of others that don't."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import writes
from livecd_rootfs.build.events import Event
from livecd_rootfs.commands import report
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.report.collect import Collector
from tests.build.conftest import Command, Tree
from tests.report.conftest import HEADING
from tests.report.html import Page

HOOKS = {
    "base/series/good": "base/good.binary\nprovides ${PREFIX}.good\n",
    "base/good.binary": "#!/bin/sh\necho content > livecd.test.good\n",
    "base/series/bad": "base/bad.binary\n",
    "base/bad.binary": "#!/bin/sh\necho '<b>last words</b>'\nexit 7\n",
}


def read(file: Path) -> Page:
    found = Page(file.read_text(encoding="utf-8"))
    assert found.faults == []
    return found


@pytest.mark.root
def test_a_build_is_told(tree: Tree, command: Command) -> None:
    tree(HOOKS)
    file = command.folder / "new" / "report.html"
    assert "base directory … base/good.binary 2 steps: 2 ran;" in told(command, "good", file)
    words = told(command, "good", file)
    assert "base directory … base/good.binary 2 steps: 2 reused;" in words
    assert "✓ good" in words
    assert (
        "livecd.test.good 8 B 434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53"
        in words
    )
    assert "project test --project" in words
    assert [path.name for path in file.parent.iterdir()] == ["report.html"]


@pytest.mark.root
def test_it_records_what_hooks_wrote(tree: Tree, command: Command) -> None:
    tree(HOOKS)
    for _ in ("made", "reused"):
        ended = command.run("good", "--report", "report.html")
        assert ended.returncode == 0, ended.stderr
        page = (command.folder / "report.html").read_text(encoding="utf-8")
        assert writes.read(page, "report.html") == {"base/good.binary": ("livecd.test.good",)}


def told(command: Command, target: str, file: Path) -> str:
    ended = command.run(target, "--report", str(file))
    assert ended.returncode == 0, ended.stderr
    return " ".join(read(file).words)


@pytest.mark.root
def test_a_build_that_fails_is_told(tree: Tree, command: Command) -> None:
    tree(HOOKS)
    ended = command.run("good", "bad", "--report", "report.html")
    assert ended.returncode == 1
    found = read(command.folder / "report.html")
    assert ended.stderr.strip() in found.words
    assert "| <b>last words</b>" in ended.stderr
    words = " ".join(found.words)
    assert "✓ good" in words
    assert "✗ bad" in words


@pytest.mark.root
def test_a_tree_with_faults_is_told(tree: Tree, command: Command) -> None:
    tree({"base/series/one": "depends two\n"})
    ended = command.run("one", "--report", "report.html")
    assert ended.returncode == 1
    assert ended.stderr.strip() in read(command.folder / "report.html").words


@pytest.mark.parametrize("name", [".", "file/report.html"])
def test_a_place_that_can_not_be_written_is_told_first(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="the report can't be written there") as raised:
        report.check(tmp_path / name)
    assert raised.value.place == str(tmp_path / name)


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.mkdir()
    with pytest.raises(LivecdError, match="the report can't be written"):
        report.write(file, Collector(HEADING).record())
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_utf_8_is_told_by_its_number(tmp_path: Path) -> None:
    collector = Collector(HEADING)
    collector.fail("a name with \udcff")
    report.write(tmp_path / "report.html", collector.record())
    assert r"a name with \udcff" in read(tmp_path / "report.html").words


def test_a_report_that_fails_does_not_hide_why_the_build_failed(tmp_path: Path) -> None:
    heard: list[Event] = []
    report._write_after_failure(tmp_path, Collector(HEADING).record(), heard.append)
    assert "the report can't be written" in str(heard[0])


@pytest.mark.root
def test_a_step_that_fails_without_its_command_is_told_as_failed(
    tree: Tree, command: Command
) -> None:
    """Copying the base goes well, but it is no root."""
    tree({**HOOKS, "chroot/010-x.chroot": "#!/bin/sh\n"})
    ended = command.run("good", "--report", "report.html", base="/usr/share/keyrings")
    assert "the base has no /bin/sh" in ended.stderr
    assert "3 steps: 1 failed, 2 not run;" in " ".join(read(command.folder / "report.html").words)
