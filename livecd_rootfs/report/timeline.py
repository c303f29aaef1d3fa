"""The time line of a run: which worker did what and when, as places in percent of its width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livecd_rootfs.report.record import Outcome, Record, StepRecord, ToolsRecord
from livecd_rootfs.units import MINUTE, duration

MOST_TICKS = 8
HOUR = 60 * MINUTE
# Distances between ticks that people count in, in seconds.
_ROUND = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
          MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A piece of time.

    Attributes:
        left: where it begins, in percent.
        width: how wide it is, in percent.
        looks: words that say how it looks: a step's kind, what became of it.
        label: what is written on it.
        hover: what is told about it.
        step: number of the step that it belongs to; 0 for none.
    """

    left: float
    width: float
    looks: str
    label: str
    hover: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What one worker did."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of the scale; ``left`` is in percent."""

    left: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All lanes, with the ticks of their common scale, which are ``distance`` percent apart."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    distance: float


def timeline(run: Record) -> Timeline:
    """Lay out a run: the tools root, the workers, and what came from the store."""
    whole = max([run.seconds, *(step.ended for step in run.steps)]) or 1.0
    apart = tick_seconds(whole)
    count = int(whole / apart)
    return Timeline(
        lanes=tuple(_lanes(run, whole)),
        ticks=tuple(
            Tick(left=100 * n * apart / whole, label=_clock(n * apart)) for n in range(count + 1)
        ),
        distance=100 * apart / whole,
    )


def tick_seconds(whole: float) -> float:
    """The distance between ticks, so that there are not too many."""
    hours = -(-whole // (HOUR * MOST_TICKS)) * HOUR
    return next((step for step in _ROUND if whole / step <= MOST_TICKS), hours)


def _clock(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:g} s"
    return f"{int(seconds // MINUTE)}:{int(seconds % MINUTE):02} min"


def _lanes(run: Record, whole: float) -> Iterator[Lane]:
    if run.tools is not None:
        yield Lane(name="tools root", bars=(_of_tools(run.tools, whole),))
    for worker in sorted({step.worker for step in run.steps if step.worker}):
        own = [step for step in run.steps if step.worker == worker]
        own.sort(key=lambda step: step.begun)
        yield Lane(name=f"job {worker}", bars=tuple(b for s in own for b in _of_step(s, whole)))
    reused = [step for step in run.steps if step.outcome is Outcome.REUSED and not step.worker]
    if reused:
        yield Lane(name="reused", bars=tuple(b for s in reused for b in _of_step(s, whole)))


def _of_tools(tools: ToolsRecord, whole: float) -> Bar:
    took = duration(tools.ended - tools.begun)
    return Bar(
        left=100 * tools.begun / whole,
        width=100 * (tools.ended - tools.begun) / whole,
        looks=_looks("tools", tools.outcome),
        label="tools root",
        hover=f"tools root\n{tools.outcome.value}, {took}",
        step=0,
    )


def _of_step(step: StepRecord, whole: float) -> Iterator[Bar]:
    """The time in which it waited, and the time in which it ran."""
    number, name = step.node.number, step.node.step.name
    if step.free > step.begun:
        yield Bar(
            left=100 * step.begun / whole,
            width=100 * (step.free - step.begun) / whole,
            looks="waits",
            label="waits",
            hover=f"{name}\nwaits {duration(step.free - step.begun)} for {', '.join(step.waits)}",
            step=number,
        )
    yield Bar(
        left=100 * step.free / whole,
        width=100 * max(0.0, step.ended - step.free) / whole,
        looks=_looks(step.node.step.kind.value, step.outcome),
        label=name.rpartition("/")[2],
        hover="\n".join((name, *facts(step))),
        step=number,
    )


def _looks(kind: str, outcome: Outcome) -> str:
    return f"{kind} {outcome.name.lower()}"


def facts(step: StepRecord) -> tuple[str, ...]:
    """What is known of a step, a line for each fact, the outcome first."""
    if step.outcome is Outcome.NEVER:
        return ("not run: what it needs was not made",)
    if step.outcome is Outcome.REUSED:
        return (f"reused: saves {duration(step.seconds)}", *_waits(step))
    verdict = {
        Outcome.RAN: f"ran {duration(step.working)}",
        Outcome.FAILED: f"failed with status {step.status} after {duration(step.working)}",
        Outcome.STOPPED: f"stopped after {duration(step.working)}",
    }
    queued = (f"no worker was free for {duration(step.queued)}",) if _shows(step.queued) else ()
    return (verdict[step.outcome], *step.why, *_waits(step), *queued)


def _waits(step: StepRecord) -> tuple[str, ...]:
    waited = step.free - step.begun
    return (f"waited {duration(waited)} for {', '.join(step.waits)}",) if _shows(waited) else ()


def _shows(seconds: float) -> bool:
    """Whether a duration is more than nothing when it is printed."""
    return duration(seconds) != duration(0)
