"""Progress as plain lines, for logs and pipes: one when a step begins, one when it ends."""

from __future__ import annotations

from typing import TextIO

from livecd_rootfs.build import events
from livecd_rootfs.build.forest import Node
from livecd_rootfs.progress import summary
from livecd_rootfs.units import duration, size


class Plain:
    """Writes a line for each event that matters in a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = 0
        self._held: list[str] | None = None

    def __call__(self, event: events.Event, /) -> None:
        """Write the event's lines, if it has any; while a shell is open they are held back."""
        self._write(self._lines(event))
        if isinstance(event, events.ShellOpened):
            self._held = []
        if isinstance(event, events.ShellClosed) and self._held is not None:
            lines, self._held = tuple(self._held), None
            self._write(lines)

    def _write(self, lines: tuple[str, ...]) -> None:
        if self._held is not None:
            self._held += lines
            return
        for line in lines:
            self._stream.write(line + "\n")
        self._stream.flush()

    def _lines(self, event: events.Event) -> tuple[str, ...]:
        match event:
            case events.RunStarted(forest=forest, logs=logs):
                self._total = len(forest.nodes)
                names = " ".join(",".join(plan.targets) for plan in forest.builds)
                return (f"build {names}: {self._total} steps, logs in {logs}",)
            case events.ToolsEnded(seconds=seconds, status=status):
                verdict = "done" if status == 0 else "FAILED"
                return (f"[tools root] {verdict}, {duration(seconds)}",)
            case events.Note(text=text):
                return (f"note: {text}",)
            case events.ShellOpened():
                return summary.visit(event)
            case events.BuildEnded():
                return summary.artifacts([event])
            case events.RunEnded():
                return (summary.whole(event),)
        return self._lines_of_step(event)

    def _lines_of_step(self, event: events.Event) -> tuple[str, ...]:
        match event:
            case events.StepStarted(node=node, why=why):
                return (f"{self._name(node)} ({why[0]})" if why else self._name(node),)
            case events.StepEnded(node=node, seconds=seconds, status=status, size=count):
                verdict = f"{size(count)}" if status == 0 else f"FAILED with status {status}"
                return (f"{self._name(node)}: {duration(seconds)}, {verdict}",)
            case events.StepReused(node=node):
                return (f"{self._name(node)}: cached",)
            case events.StepWaits(node=node):
                return (f"{self._name(node)}: waiting for another process that builds it",)
        return ()

    def _name(self, node: Node) -> str:
        return f"[{node.number}/{self._total}] {node.step.name}"
