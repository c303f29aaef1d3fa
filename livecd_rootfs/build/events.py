"""What a running build tells: frozen events, and the protocol of who listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from livecd_rootfs.build.output import Artifact
from livecd_rootfs.build.plan import BuildPlan, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStarted:
    """The plan is final and its first step is about to run."""

    plan: BuildPlan
    logs: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step runs now; its output goes to ``log``."""

    step: Step
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTick:
    """A step still runs: ``seconds`` so far, and the last line that it printed."""

    step: Step
    seconds: float
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """A step is over; ``status`` is 0 when it went well."""

    step: Step
    seconds: float
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that the user should know, in one line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEnded:
    """All went well: what was made, what the pruner dropped, where."""

    output: Path
    artifacts: tuple[Artifact, ...]
    seconds: float


Event = BuildStarted | StepStarted | StepTick | StepEnded | Note | BuildEnded


class Listener(Protocol):
    """Who wants to know; called from the executor's own thread."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
