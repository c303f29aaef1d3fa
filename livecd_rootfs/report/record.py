"""What became of a run, as frozen values; all times are in seconds since the run began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from pathlib import Path

from livecd_rootfs.build.forest import Forest, Node
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.steps.dpkg import Package


class Outcome(Enum):
    """What became of a step, in words for people."""

    RAN = "ran"
    REUSED = "reused"
    FAILED = "failed"
    STOPPED = "stopped"
    NEVER = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A setting of the run, and where it was set."""

    name: str
    text: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What was asked for.

    Attributes:
        targets: the words of the command line, one for each build.
        facts: the settings.
        began: when the run began.
        version: this program's version.
    """

    targets: tuple[str, ...]
    facts: tuple[Fact, ...]
    began: datetime
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What became of one step.

    Attributes:
        node: the step.
        outcome: what became of it.
        worker: which of the jobs ran it, from 1; ``None`` if none had to.
        queued: how long it could have run, had not all workers been busy.
        begun: when a worker took it.
        free: when there was all that it waited for.
        waits: what it waited for.
        ended: when it was over.
        seconds: how long it ran, or ran when its reused layer was made.
        size: bytes of its layer.
        status: that of its command.
        why: why it was not reused.
        log: where its output is.
        layer: what it changed; ``None`` if it did not come so far.
    """

    node: Node
    outcome: Outcome = Outcome.NEVER
    worker: int | None = None
    queued: float = 0.0
    begun: float = 0.0
    free: float = 0.0
    waits: tuple[str, ...] = ()
    ended: float = 0.0
    seconds: float = 0.0
    size: int = 0
    status: int = 0
    why: tuple[str, ...] = ()
    log: Path | None = None
    layer: Layer | None = None

    @property
    def working(self) -> float:
        """How long it kept a worker busy with more than waiting."""
        return self.ended - self.free if self.worker else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsRecord:
    """The making of the tools root."""

    begun: float
    ended: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRecord:
    """A build that went well.

    Attributes:
        targets: what it was of.
        artifacts: what was made.
        packages: those of its target root.
        attestations: what vouches for the artifacts: their provenance, and signatures.
    """

    targets: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    packages: tuple[Package, ...]
    attestations: tuple[Artifact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Record:
    """A whole run.

    Attributes:
        heading: what was asked for.
        forest: the builds and their steps; ``None`` if it did not come so far.
        jobs: how many steps could run at the same time.
        date: SOURCE_DATE_EPOCH, if one was ordered.
        steps: in the forest's order.
        tools: the tools root, if one was made.
        builds: those that went well.
        notes: what the user was told.
        failures: what went wrong, each as it is printed.
        writes: what each hook wrote in the build directory, by its name.
        seconds: the whole run.
        logs: the folder of the logs.
    """

    heading: Heading
    forest: Forest | None
    jobs: int
    date: int | None
    steps: tuple[StepRecord, ...]
    tools: ToolsRecord | None
    builds: tuple[BuildRecord, ...]
    notes: tuple[str, ...]
    failures: tuple[str, ...]
    seconds: float
    logs: Path | None
    writes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> int:
        """How many steps had this outcome."""
        return sum(step.outcome is outcome for step in self.steps)

    @property
    def saved(self) -> float:
        """Seconds that reused layers took when they were made."""
        return sum(step.seconds for step in self.steps if step.outcome is Outcome.REUSED)

    @property
    def work(self) -> float:
        """Seconds of all steps, as if they had run one after the other."""
        return sum(step.working for step in self.steps)

    @cached_property
    def longest(self) -> float:
        """Seconds of the chain of steps that took longest: more workers can't be quicker."""
        until: dict[int | None, float] = {None: 0.0}
        for step in self.steps:
            before = max(until[need] for need in step.node.needs or (None,))
            until[step.node.number] = before + step.working
        return max(until.values())

    @cached_property
    def finished(self) -> Mapping[tuple[str, ...], BuildRecord]:
        """The builds that went well, by their targets."""
        return {build.targets: build for build in self.builds}
