"""The collector: listens to a run and gathers what the report tells.

Events do not say which worker runs a step. As the executor never runs more
steps than it has workers, each step is given the lowest worker that is free.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from livecd_rootfs.build import events
from livecd_rootfs.build.forest import Node
from livecd_rootfs.build.plan import StepKind
from livecd_rootfs.report.record import (
    BuildRecord,
    Heading,
    Outcome,
    Record,
    StepRecord,
    ToolsRecord,
)

OTHER_PROCESS = "another process that built the same layer"
TOOLS_ROOT = "the tools root"
# These run with image tools, so they wait for the tools root if that is being made.
_WITH_TOOLS = (StepKind.BINARY, StepKind.FINAL)
OfStep = (
    events.StepStarted | events.StepTick | events.StepEnded | events.StepReused | events.StepWaits
)


class Collector:
    """A listener that remembers.

    Args:
        heading: what was asked for.
        clock: tells seconds; the run begins now.
    """

    def __init__(self, heading: Heading, clock: Callable[[], float] = time.monotonic) -> None:
        self._heading = heading
        self._clock = clock
        self._began = clock()
        self._started: events.RunStarted | None = None
        self._waiting: dict[int | None, list[Node]] = {}
        self._steps: dict[int, StepRecord] = {}
        self._running: dict[int, int] = {}
        # Seconds in which all workers were busy: up to the last change, and up to when each
        # step could have run.
        self._all_busy = 0.0
        self._changed = 0.0
        self._all_busy_before: dict[int, float] = {}
        self._tools: ToolsRecord | None = None
        self._builds: list[BuildRecord] = []
        self._notes: list[str] = []
        self._failures: list[str] = []
        self._seconds: float | None = None

    def __call__(self, event: events.Event, /) -> None:
        """Take one event."""
        match event:
            case events.RunStarted():
                self._begin(event)
            case events.ToolsTick(seconds=seconds):
                self._tools_are_made(seconds, Outcome.STOPPED)
            case events.ToolsEnded(seconds=seconds, status=status):
                self._tools_are_made(seconds, Outcome.FAILED if status else Outcome.RAN)
                self._release_from_tools()
            case events.ShellOpened() | events.ShellClosed():
                pass  # the step's bar is longer than its own time by how long somebody looked at it
            case events.Note(text=text):
                self._notes.append(text)
            case events.BuildEnded() as build:
                self._builds.append(
                    BuildRecord(
                        targets=build.plan.targets,
                        artifacts=build.artifacts,
                        packages=build.packages,
                        attestations=build.attestations,
                    )
                )
            case events.RunEnded(seconds=seconds):
                self._seconds = seconds
            case _:
                self._take_step(event)

    def fail(self, text: str) -> None:
        """Remember a failure, as it is printed."""
        self._failures.append(text)

    def record(self) -> Record:
        """What has been gathered; what still runs counts as stopped now."""
        started = self._started
        return Record(
            heading=self._heading,
            forest=started.forest if started else None,
            jobs=started.jobs if started else 0,
            date=started.date if started else None,
            steps=tuple(self._stopped(step) for step in self._steps.values()),
            tools=self._tools,
            builds=tuple(self._builds),
            notes=tuple(self._notes),
            failures=tuple(self._failures),
            seconds=self._now() if self._seconds is None else self._seconds,
            logs=started.logs if started else None,
        )

    def _now(self) -> float:
        return self._clock() - self._began

    def _begin(self, started: events.RunStarted) -> None:
        self._started = started
        self._waiting = started.forest.waiting()
        self._steps = {node.number: StepRecord(node=node) for node in started.forest.nodes}
        self._make_ready(self._waiting.get(None, []))

    def _make_ready(self, nodes: Iterable[Node]) -> None:
        self._all_busy_before |= {node.number: self._all_busy for node in nodes}

    def _count_busy(self) -> None:
        """To be called before any worker begins or ends a step."""
        now = self._now()
        if self._started and len(self._running) >= self._started.jobs:
            self._all_busy += now - self._changed
        self._changed = now

    def _of(self, node: Node) -> StepRecord:
        return self._steps[node.number]

    def _put(self, step: StepRecord) -> None:
        self._steps[step.node.number] = step

    def _take_step(self, event: OfStep) -> None:
        match event:
            case events.StepWaits(node=node):
                self._occupy(node)
                self._put(replace(self._of(node), waits=(OTHER_PROCESS,)))
            case events.StepStarted(node=node, log=log, why=why):
                self._occupy(node)
                self._put(replace(self._of(node), free=self._now(), log=log, why=why))
            case events.StepEnded():
                self._end(_ended(self._of(event.node), event))
            case events.StepReused():
                self._end(_reused(self._of(event.node), event, self._now()))

    def _occupy(self, node: Node) -> None:
        """Give a step the lowest free worker, unless it has one."""
        if node.number in self._running:
            return
        self._count_busy()
        now = self._now()
        worker = next(n for n in count(1) if n not in self._running.values())
        self._running[node.number] = worker
        self._put(
            replace(
                self._of(node),
                outcome=Outcome.STOPPED,
                worker=worker,
                queued=self._all_busy - self._all_busy_before.get(node.number, self._all_busy),
                begun=now,
                free=now,
            )
        )

    def _end(self, step: StepRecord) -> None:
        self._count_busy()
        self._put(replace(step, ended=self._now()))
        self._running.pop(step.node.number, None)
        if step.outcome is not Outcome.FAILED:
            self._make_ready(self._waiting.get(step.node.number, []))

    def _tools_are_made(self, seconds: float, outcome: Outcome) -> None:
        now = self._now()
        begun = self._tools.begun if self._tools else max(0.0, now - seconds)
        self._tools = ToolsRecord(begun=begun, ended=now, outcome=outcome)

    def _release_from_tools(self) -> None:
        for number in self._running:
            step = self._steps[number]
            if step.node.step.kind in _WITH_TOOLS:
                self._put(replace(step, free=self._now(), waits=(*step.waits, TOOLS_ROOT)))

    def _stopped(self, step: StepRecord) -> StepRecord:
        """What still runs was stopped now."""
        if step.node.number not in self._running:
            return step
        now = self._now()
        return replace(step, ended=now, seconds=now - step.free)


def _ended(step: StepRecord, event: events.StepEnded) -> StepRecord:
    outcome = Outcome.FAILED if event.status else Outcome.RAN
    return replace(
        step,
        outcome=outcome,
        seconds=event.seconds,
        status=event.status,
        size=event.size,
        layer=event.layer,
    )


def _reused(step: StepRecord, event: events.StepReused, now: float) -> StepRecord:
    """Only a step that waited for the layer has begun before."""
    begun = now if step.worker is None else step.begun
    return replace(
        step,
        outcome=Outcome.REUSED,
        begun=begun,
        free=now,
        seconds=event.saved,
        size=event.size,
        layer=event.layer,
    )
