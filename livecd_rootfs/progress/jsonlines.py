"""Progress as JSON, one object a line; the key ``event`` says which."""

from __future__ import annotations

import json
from typing import TextIO

from livecd_rootfs.build import events
from livecd_rootfs.build.forest import Node
from livecd_rootfs.build.output import Artifact


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
        case events.RunStarted(forest=forest, logs=logs):
            return {
                "event": "run-started",
                "builds": [list(plan.targets) for plan in forest.builds],
                "steps": [_node(node) for node in forest.nodes],
                "logs": str(logs),
            }
        case events.BuildEnded():
            return {
                "event": "build-ended",
                "targets": list(event.plan.targets),
                "artifacts": [_file(made) for made in event.artifacts],
                "attestations": [_file(made) for made in event.attestations],
            }
        case events.RunEnded(seconds=seconds, failed=failed, output=output):
            return {
                "event": "run-ended",
                "seconds": round(seconds, 3),
                "failed": failed,
                "output": str(output),
            }
        case events.Note(text=text):
            return {"event": "note", "text": text}
        case events.ToolsTick(seconds=seconds, line=line):
            return {"event": "tools-tick", "seconds": round(seconds, 3), "line": line}
        case events.ToolsEnded(seconds=seconds, status=status):
            return {"event": "tools-ended", "seconds": round(seconds, 3), "status": status}
    return _of_step(event)


def _file(made: Artifact) -> dict[str, object]:
    return {"path": str(made.path), "size": made.size, "sha256": made.sha256}


def _of_step(
    event: events.StepStarted
    | events.StepTick
    | events.StepEnded
    | events.StepReused
    | events.StepWaits
    | events.ShellOpened
    | events.ShellClosed,
) -> dict[str, object]:
    step = {"step": event.node.number, "name": event.node.step.name}
    match event:
        case events.StepStarted(log=log, why=why):
            return {"event": "step-started", **step, "log": str(log), "why": list(why)}
        case events.StepTick(seconds=seconds, line=line):
            return {"event": "step-tick", **step, "seconds": round(seconds, 3), "line": line}
        case events.StepEnded(seconds=seconds, status=status, size=size):
            return {
                "event": "step-ended",
                **step,
                "seconds": round(seconds, 3),
                "status": status,
                "size": size,
            }
        case events.StepReused(saved=saved, size=size):
            return {"event": "step-reused", **step, "saved": round(saved, 3), "size": size}
        case events.StepWaits():
            return {"event": "step-waits", **step}
        case events.ShellOpened(status=status, log=log):
            return {"event": "shell-opened", **step, "status": status, "log": str(log)}
        case events.ShellClosed():
            return {"event": "shell-closed", **step}


def _node(node: Node) -> dict[str, object]:
    return {
        "number": node.number,
        "kind": node.step.kind.value,
        "name": node.step.name,
        "parent": node.parent,
        "joined": [number for _, number in node.joined],
        "builds": list(node.builds),
    }
