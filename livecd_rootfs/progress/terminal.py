"""Progress on a terminal: all steps at a glance, the running one with its time and last line."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from livecd_rootfs.build import events
from livecd_rootfs.build.plan import BuildPlan, Step
from livecd_rootfs.progress import summary
from livecd_rootfs.units import duration

WAITING, RUNNING, DONE, FAILED = "·", "▶", "✓", "✗"
# The title above the table, and the cursor's own line below it.
LINES_OF_OTHERS = 2
_STYLES = {WAITING: "dim", RUNNING: "bold cyan", DONE: "green", FAILED: "bold red"}


class Terminal:
    """Redraws one table; it is refreshed by events only, so no thread is needed."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)
        self._live: Live | None = None
        self._plan: BuildPlan | None = None
        self._marks: dict[int, str] = {}
        self._seconds: dict[int, float] = {}
        self._lines: dict[int, str] = {}

    def __call__(self, event: events.Event, /) -> None:
        """Take the event and redraw."""
        match event:
            case events.BuildStarted(plan=plan):
                self._begin(plan)
            case events.StepStarted(step=step):
                self._marks[step.number] = RUNNING
            case events.StepTick(step=step, seconds=seconds, line=line):
                self._seconds[step.number] = seconds
                self._lines[step.number] = line
            case events.StepEnded(step=step, seconds=seconds, status=status):
                self._seconds[step.number] = seconds
                self._marks[step.number] = DONE if status == 0 else FAILED
            case events.Note(text=text):
                self._console.print(Text(f"note: {text}", style="yellow"))
            case events.BuildEnded():
                self._end(event)
        self._redraw()

    def close(self) -> None:
        """Leave the whole table on the screen and give the terminal back."""
        if self._live is not None and self._plan is not None:
            self._live.update(self._table(self._plan, self._plan.steps))
            self._live.stop()
            self._live = None

    def _end(self, ended: events.BuildEnded) -> None:
        """Draw the finished table once more, then say what came out."""
        self._redraw()
        self.close()
        for line in summary.lines(ended):
            self._console.print(Text(line), soft_wrap=True)

    def _begin(self, plan: BuildPlan) -> None:
        self._plan = plan
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="visible")
        self._live.start()

    def _redraw(self) -> None:
        if self._live is not None and self._plan is not None:
            steps = self._fitting(self._plan.steps)
            self._live.update(self._table(self._plan, steps), refresh=True)

    def _fitting(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps for which the screen has room: what does not fit can't be redrawn."""
        room = max(1, self._console.height - LINES_OF_OTHERS)
        begun = sum(step.number in self._marks for step in steps)
        first = max(0, min(begun - max(1, room - 1), len(steps) - room))
        return steps[first : first + room]

    def _table(self, plan: BuildPlan, steps: tuple[Step, ...]) -> RenderableType:
        table = Table(box=None, show_header=False, padding=(0, 1), expand=True)
        for width in (1, None, 9):
            table.add_column(width=width, no_wrap=True, overflow="ellipsis")
        table.columns[-1].justify = "right"
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
        for step in steps:
            mark = self._marks.get(step.number, WAITING)
            taken = duration(self._seconds[step.number]) if step.number in self._seconds else ""
            line = self._said(step) if mark == RUNNING else ""
            style = _STYLES[mark]
            table.add_row(Text(mark, style), Text(step.name, style), taken, Text(line))
        done = sum(mark == DONE for mark in self._marks.values())
        words = f"building {' '.join(plan.targets)}: {done} of {len(plan.steps)} steps done"
        title = Text(words, style="bold")
        return Group(title, table)

    def _said(self, step: Step) -> str:
        """The step's last line, without what mmdebstrap and the step's name say in every line."""
        line = self._lines.get(step.number, "")
        return line.removeprefix("I: ").removeprefix(f"{step.name}: ")
