"""Progress as JSON, one object a line; the key ``event`` says which."""

from __future__ import annotations

import json
from typing import TextIO

from livecd_rootfs.build import events


class JsonLines:
    """Writes every event as one JSON object."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: events.Event, /) -> None:
        """Write the event."""
        self._stream.write(json.dumps(_object(event)) + "\n")
        self._stream.flush()


def _object(event: events.Event) -> dict[str, object]:
    match event:
        case events.BuildStarted(plan=plan, logs=logs):
            steps = [{"number": step.number, "kind": step.kind.value, "name": step.name}
                     for step in plan.steps]  # fmt: skip
            return {"event": "build-started", "targets": list(plan.targets), "steps": steps,
                    "logs": str(logs)}  # fmt: skip
        case events.StepStarted(step=step, log=log):
            return {"event": "step-started", "step": step.number, "name": step.name,
                    "log": str(log)}  # fmt: skip
        case events.StepTick(step=step, seconds=seconds, line=line):
            return {"event": "step-tick", "step": step.number, "seconds": round(seconds, 3),
                    "line": line}  # fmt: skip
        case events.StepEnded(step=step, seconds=seconds, status=status):
            return {"event": "step-ended", "step": step.number, "seconds": round(seconds, 3),
                    "status": status}  # fmt: skip
        case events.Note(text=text):
            return {"event": "note", "text": text}
        case events.BuildEnded(output=output, artifacts=artifacts, seconds=seconds):
            made = [{"path": str(made.path), "size": made.size, "sha256": made.sha256}
                    for made in artifacts]  # fmt: skip
            return {"event": "build-ended", "output": str(output), "artifacts": made,
                    "seconds": round(seconds, 3)}  # fmt: skip
