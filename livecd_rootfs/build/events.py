"""What a running build tells: frozen events, and the protocol of who listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from livecd_rootfs.build.forest import Forest, Node
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.build.plan import BuildPlan
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.steps.dpkg import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The plan is final and its first steps are about to run.

    Attributes:
        forest: the builds and their steps.
        logs: the folder of their logs.
        jobs: how many steps run at the same time.
        date: SOURCE_DATE_EPOCH; ``None`` if only the given root can tell it.
    """

    forest: Forest
    logs: Path
    jobs: int
    date: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step runs now; its output goes to ``log``. ``why`` says why it was not reused."""

    node: Node
    log: Path
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTick:
    """A step still runs: ``seconds`` so far, and the last line that it printed."""

    node: Node
    seconds: float
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """A step is over.

    Attributes:
        node: the step.
        seconds: how long it ran.
        status: 0 when it went well.
        size: that of its layer in bytes.
        layer: its layer; ``None`` when it failed.
    """

    node: Node
    seconds: float
    status: int
    size: int
    layer: Layer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReused:
    """A step did not run: its layer is there.

    Attributes:
        node: the step.
        saved: how long it took when it was made.
        size: that of its layer in bytes.
        layer: the layer.
    """

    node: Node
    saved: float
    size: int
    layer: Layer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWaits:
    """Another process builds the same layer; this one waits for it and then reuses it."""

    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellOpened:
    """The terminal is the user's now, in a shell where a step failed: nobody else writes to it.

    Attributes:
        node: the step.
        status: its exit status.
        log: its log.
        last: the last lines of that.
    """

    node: Node
    status: int
    log: Path
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellClosed:
    """The user has left that shell."""

    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsTick:
    """The tools root is being made."""

    seconds: float
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsEnded:
    """The tools root is there, or could not be made (``status`` is not 0)."""

    seconds: float
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that the user should know, in one line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEnded:
    """One build went well.

    Attributes:
        plan: the build.
        output: the output directory.
        artifacts: what was made.
        packages: those of its target root.
        attestations: what vouches for the artifacts: their provenance, and signatures.
    """

    plan: BuildPlan
    output: Path
    artifacts: tuple[Artifact, ...]
    packages: tuple[Package, ...]
    attestations: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """All builds are over; ``failed`` of them went wrong."""

    seconds: float
    failed: int
    output: Path


Event = (
    RunStarted
    | StepStarted
    | StepTick
    | StepEnded
    | StepReused
    | StepWaits
    | ShellOpened
    | ShellClosed
    | ToolsTick
    | ToolsEnded
    | Note
    | BuildEnded
    | RunEnded
)


class Listener(Protocol):
    """Who wants to know; called from the executor's own thread."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
