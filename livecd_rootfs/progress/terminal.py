"""Progress on a terminal: the tree of steps at a glance, the running ones with time and last line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from livecd_rootfs.build import events
from livecd_rootfs.build.forest import Forest, Node
from livecd_rootfs.progress import summary
from livecd_rootfs.units import duration, size

# The title and the tools root above the table, and the cursor's own line below it.
LINES_OF_OTHERS = 3
WAITING, RUNNING, DONE, REUSED, FAILED = "·", "▶", "✓", "≡", "✗"
_STYLES = {WAITING: "dim", RUNNING: "bold cyan", DONE: "green", REUSED: "green", FAILED: "bold red"}


@dataclass(slots=True, kw_only=True)
class Row:
    """What is shown of one step."""

    mark: str = WAITING
    seconds: float | None = None
    note: str = ""


class Terminal:
    """Redraws one table; it is refreshed by events only, so no thread is needed."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)
        self._live: Live | None = None
        self._forest: Forest | None = None
        self._rows: dict[int, Row] = {}
        self._tools = Row()
        self._ended: list[events.BuildEnded] = []
        self._held: list[str] | None = None

    def __call__(self, event: events.Event, /) -> None:
        """Take the event and redraw."""
        match event:
            case events.RunStarted(forest=forest):
                self._begin(forest)
            case events.ToolsTick(seconds=seconds, line=line):
                note = line.removeprefix("tools root: ")
                self._tools = Row(mark=RUNNING, seconds=seconds, note=note)
            case events.ToolsEnded(seconds=seconds, status=status):
                self._tools = Row(mark=FAILED if status else DONE, seconds=seconds)
            case events.Note(text=text):
                self._note(f"note: {text}")
            case events.ShellOpened():
                self._give_away(event)
            case events.ShellClosed():
                self._take_back()
            case events.BuildEnded():
                self._ended.append(event)
            case events.RunEnded():
                self._end(event)
            case _:
                self._rows[event.node.number] = row(event)
        self._redraw()

    def close(self) -> None:
        """Leave the whole table on the screen, with what was made, and give the terminal back."""
        if self._live is not None and self._forest is not None:
            self._live.update(self._table(self._forest, self._forest.nodes))
            self._live.stop()
            self._live = None
            for line in summary.artifacts(self._ended):
                self._console.print(Text(line), soft_wrap=True)

    def _begin(self, forest: Forest) -> None:
        self._forest = forest
        self._rows = {node.number: Row() for node in forest.nodes}
        self._live = self._new_live()

    def _new_live(self) -> Live:
        live = Live(console=self._console, auto_refresh=False, vertical_overflow="visible")
        live.start()
        return live

    def _note(self, text: str) -> None:
        if self._held is None:
            self._console.print(Text(text, style="yellow"))
        else:
            self._held.append(text)

    def _give_away(self, opened: events.ShellOpened) -> None:
        """Leave the terminal to a shell: the table stays above it as it is now."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        for line in summary.visit(opened):
            self._console.print(Text(line), soft_wrap=True)
        self._held = []

    def _take_back(self) -> None:
        """Go on below what was typed, with what was to be said meanwhile."""
        held, self._held = self._held or [], None
        for text in held:
            self._note(text)
        self._live = self._new_live()

    def _end(self, ended: events.RunEnded) -> None:
        self._redraw()
        self.close()
        self._console.print(Text(summary.whole(ended)), soft_wrap=True)

    def _redraw(self) -> None:
        if self._live is not None and self._forest is not None:
            nodes = self._fitting(self._forest.nodes)
            self._live.update(self._table(self._forest, nodes), refresh=True)

    def _fitting(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The steps for which the screen has room: what does not fit can't be redrawn."""
        room = max(1, self._console.height - LINES_OF_OTHERS)
        running = [n for n, node in enumerate(nodes) if self._rows[node.number].mark == RUNNING]
        begun = sum(row.mark != WAITING for row in self._rows.values())
        latest = running[-1] + 1 if running else begun
        first = max(0, min(latest - max(1, room - 1), len(nodes) - room))
        return nodes[first : first + room]

    def _table(self, forest: Forest, nodes: tuple[Node, ...]) -> RenderableType:
        table = Table(box=None, show_header=False, padding=(0, 1), expand=True)
        for width in (1, None, 12):
            table.add_column(width=width, no_wrap=True, overflow="ellipsis")
        table.columns[-1].justify = "right"
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
        if self._tools.mark != WAITING:
            table.add_row(*_cells("tools root", self._tools))
        levels = indents(forest)
        for node in nodes:
            name = "  " * levels[node.number] + node.step.name
            table.add_row(*_cells(name, self._rows[node.number]))
        targets = " ".join(",".join(plan.targets) for plan in forest.builds)
        done = sum(row.mark in (DONE, REUSED) for row in self._rows.values())
        words = f"building {targets}: {done} of {len(forest.nodes)} steps done"
        return Group(Text(words, style="bold"), table)


def indents(forest: Forest) -> dict[int, int]:
    """How far each step is indented: once more after each parting of ways.

    A side branch is indented; the main line goes on as if it were not there.
    """
    children = forest.children()
    levels: dict[int, int] = {}
    for node in forest.nodes:
        if node.parent is None:
            levels[node.number] = 0
            continue
        siblings = sum(not each.step.aside for each in children[node.parent])
        leaves = node.step.aside != forest.node(node.parent).step.aside
        parts = leaves if node.step.aside else siblings > 1
        levels[node.number] = levels[node.parent] + parts
    return levels


def row(
    event: events.StepStarted
    | events.StepTick
    | events.StepEnded
    | events.StepReused
    | events.StepWaits,
) -> Row:
    """What an event of a step makes of its row."""
    match event:
        case events.StepStarted(why=why):
            return Row(mark=RUNNING, note="; ".join(why))
        case events.StepTick(seconds=seconds, line=line):
            # What mmdebstrap says before every line says nothing.
            return Row(mark=RUNNING, seconds=seconds, note=line.removeprefix("I: "))
        case events.StepEnded(seconds=seconds, status=status, size=count):
            mark = FAILED if status else DONE
            return Row(mark=mark, seconds=seconds, note="" if status else size(count))
        case events.StepReused(saved=saved, size=count):
            return Row(mark=REUSED, note=f"cached, {size(count)}, saves {duration(saved)}")
        case events.StepWaits():
            return Row(mark=RUNNING, note="waiting for another process that builds it")


def _cells(name: str, shown: Row) -> tuple[Text, Text, str, Text]:
    taken = duration(shown.seconds) if shown.seconds is not None else ""
    style = _STYLES[shown.mark]
    return Text(shown.mark, style), Text(name, style), taken, Text(shown.note)
