"""The live table of a build, on a terminal of a known size."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.build import events
from livecd_rootfs.build.forest import Node, forest
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.progress.terminal import Terminal
from tests.progress.screen import CONTROL, UP, Screen
from tests.runs import LOGS, plan

PLAN = plan("qcow2", *(f"chroot/{number:03}.chroot" for number in range(1, 6)))
FOREST = forest([PLAN])
NODES = FOREST.nodes
STARTED = events.RunStarted(forest=FOREST, logs=LOGS, jobs=1, date=None)


def begin(node: Node) -> events.StepStarted:
    return events.StepStarted(node=node, log=LOGS / "log", why=())


def end(node: Node, status: int = 0) -> events.StepEnded:
    return events.StepEnded(node=node, seconds=1.0, status=status, size=4096)


def tick(node: Node, line: str) -> events.StepTick:
    return events.StepTick(node=node, seconds=0.5, line=line)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal of 70 columns and 20 rows, which ``LINES`` changes."""
    for name, value in {"TERM": "xterm", "COLUMNS": "70", "LINES": "20"}.items():
        monkeypatch.setenv(name, value)
    return Screen()


def show(screen: Screen, *happened: events.Event) -> Terminal:
    terminal = Terminal(screen)
    for event in (STARTED, *happened):
        terminal(event)
    return terminal


def test_a_build_on_its_way(screen: Screen) -> None:
    reused = events.StepReused(node=NODES[0], saved=4.0, size=8192)
    happened = (reused, begin(NODES[1]), end(NODES[1]), begin(NODES[2]))
    terminal = show(screen, *happened, tick(NODES[2], "I: unpacking"))
    assert [line.split() for line in screen.frame()] == [
        ["building", "qcow2:", "2", "of", "5", "steps", "done"],
        ["≡", "chroot/001.chroot", "cached,", "8.0", "KiB,", "saves", "4.0", "s"],
        ["✓", "chroot/002.chroot", "1.0", "s", "4.0", "KiB"],
        ["▶", "chroot/003.chroot", "0.5", "s", "unpacking"],
        ["·", "chroot/004.chroot"],
        ["·", "chroot/005.chroot"],
    ]
    terminal.close()


@pytest.mark.parametrize(
    ("rows", "begun", "seen"),
    [("20", 1, "12345"), ("6", 1, "123"), ("6", 3, "234"), ("6", 5, "345"), ("1", 3, "3")],
)
def test_a_low_screen_shows_what_runs(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, rows: str, begun: int, seen: str
) -> None:
    monkeypatch.setenv("LINES", rows)
    terminal = show(screen, *map(begin, NODES[:begun]))
    assert "".join(line.split("/00")[1][0] for line in screen.frame()[1:]) == seen
    terminal.close()
    assert len(screen.frame()) == 1 + len(NODES)


def test_builds_that_part_are_indented(screen: Screen) -> None:
    both = forest([plan("a", "base", "one"), plan("b", "base", "two")])
    terminal = Terminal(screen)
    terminal(events.RunStarted(forest=both, logs=LOGS, jobs=1, date=None))
    assert CONTROL.sub("", UP.split(screen.getvalue())[-1]).splitlines()[1:] == [
        line.ljust(70) for line in (" ·  base", " ·    one", " ·    two")
    ]
    terminal.close()


def test_the_end(screen: Screen) -> None:
    made = Artifact(path=Path("out/livecd.x.img"), size=3 << 20, sha256="0123456789abcdef" * 4)
    vouching = Artifact(path=Path("out/x.provenance.json"), size=2048, sha256="f" * 64)
    built = events.BuildEnded(
        plan=PLAN, output=Path("out"), artifacts=(made,), packages=(), attestations=(vouching,)
    )
    over = events.RunEnded(seconds=62, failed=0, output=Path("out"))
    show(screen, *(event for node in NODES for event in (begin(node), end(node))), built, over)
    assert screen.frame()[0] == "building qcow2: 5 of 5 steps done"
    assert screen.frame()[-3:] == [
        "out/livecd.x.img       3.0 MiB  sha256 0123456789abcdef…",
        "out/x.provenance.json  2.0 KiB  sha256 ffffffffffffffff…",
        "done in 1 min 2 s; whole checksums in out/SHA256SUMS",
    ]


def test_a_step_that_fails(screen: Screen) -> None:
    show(screen, begin(NODES[0]), end(NODES[0], status=1)).close()
    assert screen.frame()[1].split() == ["✗", "chroot/001.chroot", "1.0", "s"]


def test_a_note_stays_above_the_table(screen: Screen) -> None:
    show(screen, events.Note(text="the build directory of x: y")).close()
    assert "note: the build directory of x: y" in CONTROL.sub("", screen.getvalue())


def test_the_tools_root_is_made_beside_the_steps(screen: Screen) -> None:
    terminal = show(screen, events.ToolsTick(seconds=0.5, line="tools root: unpacking"))
    assert screen.frame()[1].split() == ["▶", "tools", "root", "0.5", "s", "unpacking"]
    terminal.close()
