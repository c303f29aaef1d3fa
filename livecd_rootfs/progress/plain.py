"""Progress as plain lines, for logs and pipes: one when a step begins, one when it ends."""

from __future__ import annotations

from typing import TextIO

from livecd_rootfs.build import events
from livecd_rootfs.progress import summary
from livecd_rootfs.units import duration


class Plain:
    """Writes a line for each event that matters in a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = 0

    def __call__(self, event: events.Event, /) -> None:
        """Write the event's line, if it has one."""
        line = self._line(event)
        if line:
            self._stream.write(line + "\n")
            self._stream.flush()

    def _line(self, event: events.Event) -> str:
        match event:
            case events.BuildStarted(plan=plan, logs=logs):
                self._total = len(plan.steps)
                return f"build {' '.join(plan.targets)}: {self._total} steps, logs in {logs}"
            case events.StepStarted(step=step):
                return f"[{step.number}/{self._total}] {step.name}"
            case events.StepEnded(step=step, seconds=seconds, status=status):
                verdict = "done" if status == 0 else f"FAILED with status {status}"
                return f"[{step.number}/{self._total}] {step.name}: {verdict}, {duration(seconds)}"
            case events.Note(text=text):
                return f"note: {text}"
            case events.BuildEnded():
                return "\n".join(summary.lines(event))
        return ""
