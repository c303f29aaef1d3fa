"""The live table of a build, on a terminal of a known size."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from livecd_rootfs.build import events
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan, Step, StepKind
from livecd_rootfs.progress.terminal import Terminal

STEPS = tuple(
    Step(number=number, kind=StepKind.CHROOT, name=f"chroot/{number:03}.chroot")
    for number in range(1, 6)
)
PLAN = BuildPlan(
    targets=("qcow2",), base=Base(kind=BaseKind.NONE), steps=STEPS, places={}, tools={}
)
LOGS = Path("logs")
STARTED = events.BuildStarted(plan=PLAN, logs=LOGS)


def begin(step: Step) -> events.StepStarted:
    return events.StepStarted(step=step, log=LOGS / "log")


def end(step: Step, status: int = 0) -> events.StepEnded:
    return events.StepEnded(step=step, seconds=1.0, status=status)


def tick(step: Step, line: str) -> events.StepTick:
    return events.StepTick(step=step, seconds=0.5, line=line)


# Where rich goes up over the last frame to draw the next, and all other control sequences.
UP = re.compile(r"\r\x1b\[2K(?:\x1b\[1A\x1b\[2K)+")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def frame(self) -> list[str]:
        """The lines of the last frame."""
        last = UP.split(self.getvalue())[-1]
        return [line.strip() for line in CONTROL.sub("", last).splitlines()]


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
    happened = (begin(STEPS[0]), end(STEPS[0]), begin(STEPS[1]), tick(STEPS[1], "I: unpacking"))
    terminal = show(screen, *happened)
    assert [line.split() for line in screen.frame()] == [
        ["building", "qcow2:", "1", "of", "5", "steps", "done"],
        ["✓", "chroot/001.chroot", "1.0", "s"],
        ["▶", "chroot/002.chroot", "0.5", "s", "unpacking"],
        ["·", "chroot/003.chroot"],
        ["·", "chroot/004.chroot"],
        ["·", "chroot/005.chroot"],
    ]
    terminal.close()


@pytest.mark.parametrize(
    ("rows", "begun", "seen"),
    [("20", 1, "12345"), ("5", 1, "123"), ("5", 3, "234"), ("5", 5, "345"), ("1", 3, "3")],
)
def test_a_low_screen_shows_what_runs(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, rows: str, begun: int, seen: str
) -> None:
    monkeypatch.setenv("LINES", rows)
    terminal = show(screen, *map(begin, STEPS[:begun]))
    assert "".join(line.split("/00")[1][0] for line in screen.frame()[1:]) == seen
    terminal.close()
    assert len(screen.frame()) == 1 + len(STEPS)


def test_the_end(screen: Screen) -> None:
    made = Artifact(path=Path("out/livecd.x.img"), size=3 << 20, sha256="0123456789abcdef" * 4)
    ended = events.BuildEnded(output=Path("out"), artifacts=(made,), seconds=62)
    show(screen, *(event for step in STEPS for event in (begin(step), end(step))), ended)
    assert screen.frame()[0] == "building qcow2: 5 of 5 steps done"
    assert screen.frame()[-2:] == [
        "out/livecd.x.img  3.0 MiB  sha256 0123456789abcdef…",
        "done in 1 min 2 s; whole checksums in out/SHA256SUMS",
    ]


def test_a_step_that_fails(screen: Screen) -> None:
    show(screen, begin(STEPS[0]), end(STEPS[0], status=1)).close()
    assert screen.frame()[1].split() == ["✗", "chroot/001.chroot", "1.0", "s"]


def test_a_note_stays_above_the_table(screen: Screen) -> None:
    show(screen, events.Note(text="the build directory stays: x")).close()
    assert "note: the build directory stays: x" in CONTROL.sub("", screen.getvalue())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("I: unpacking", "unpacking"),
        ("tools root: unpacking", "unpacking"),
        ("W: careful", "W: careful"),
    ],
)
def test_what_a_step_says(screen: Screen, line: str, said: str) -> None:
    step = Step(number=1, kind=StepKind.TOOLS, name="tools root")
    plan = BuildPlan(targets=("x",), base=PLAN.base, steps=(step,), places={}, tools={})
    terminal = Terminal(screen)
    for event in (events.BuildStarted(plan=plan, logs=LOGS), begin(step), tick(step, line)):
        terminal(event)
    assert screen.frame()[1].endswith(f"0.5 s  {said}")
    terminal.close()
