"""Plans of steps without files, and the story of a run: what happens at which second."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import header
from livecd_rootfs.build import events
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.forest import Forest
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan, Step, StepKind, kind_of

LOGS = Path("logs")


def plan(target: str, *names: str) -> BuildPlan:
    """A build; a step whose name says no phase is the base.

    Behind a name its header may stand, as in ``base/x.binary # hook: aside=build``.
    """
    steps = tuple(_step(number, name) for number, name in enumerate(names, start=1))
    return BuildPlan(
        targets=tuple(target.split(",")),
        base=Base(kind=BaseKind.NONE),
        steps=steps,
        places={},
        claims={},
        tools={},
    )


def _step(number: int, text: str) -> Step:
    name, mark, words = text.partition(" # hook:")
    declared = header.parse(name, f"{mark[1:]}{words}".encode()).header if mark else None
    kind = kind_of(name) or StepKind.BASE
    return Step(number=number, kind=kind, name=name, header=declared)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Story:
    """Tells a listener what happens in a run.

    Args:
        forest: the run's steps, named in the story by their numbers.
        listen: the listener.
        clock: the one that the listener reads.
    """

    def __init__(self, forest: Forest, listen: Listener, clock: Clock) -> None:
        self._forest = forest
        self._listen = listen
        self._clock = clock

    def tell(self, second: float, *happened: events.Event) -> Story:
        self._clock.now = second
        for event in happened:
            self._listen(event)
        return self

    def began(self, *, jobs: int, date: int | None = None) -> Story:
        return self.tell(0, events.RunStarted(forest=self._forest, logs=LOGS, jobs=jobs, date=date))

    def starts(self, second: float, number: int, *why: str) -> Story:
        node = self._forest.node(number)
        return self.tell(second, events.StepStarted(node=node, log=LOGS / f"{number}.log", why=why))

    def ends(self, second: float, number: int, *, status: int = 0, size: int = 0) -> Story:
        node = self._forest.node(number)
        ended = events.StepEnded(node=node, seconds=1.0, status=status, size=size)
        return self.tell(second, ended)

    def waits(self, second: float, number: int) -> Story:
        return self.tell(second, events.StepWaits(node=self._forest.node(number)))

    def reuses(self, second: float, *numbers: int, saved: float = 3.0, size: int = 0) -> Story:
        return self.tell(
            second,
            *(
                events.StepReused(node=self._forest.node(number), saved=saved, size=size)
                for number in numbers
            ),
        )

    def over(self, second: float, *, failed: int = 0) -> Story:
        return self.tell(second, events.RunEnded(seconds=second, failed=failed, output=Path("out")))
