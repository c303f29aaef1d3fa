"""The outline of a plan: what brought in what, as a tree of values that a form renders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livecd_rootfs.build.plan import BuildPlan, Step
from livecd_rootfs.resolve import Provided, Reach, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A line below a series: a hook, or an artifact.

    Attributes:
        label: what it is.
        note: where it stands or what becomes of it.
        number: the step's number, for hooks.
        kept: for artifacts, whether the pruner keeps it; ``None`` for hooks.
        offset: where its line stands in the series file, to keep the file's order.
    """

    label: str
    note: str
    number: int | None = None
    kept: bool | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A series file that was read, and what it brought in, in the order of its lines."""

    label: str
    note: str
    children: tuple[Branch | Leaf, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The whole plan: what runs before all, the targets, what runs after all."""

    first: tuple[Leaf, ...]
    targets: tuple[Branch, ...]
    last: tuple[Leaf, ...]


def outline(plan: BuildPlan, resolution: Resolution) -> Outline:
    """The outline of a plan and the resolution that it was made from."""
    first = [step for step in plan.steps if step.hook is None or step.hook.origin == "chroot"]
    last = [step for step in plan.steps if step.hook and step.hook.origin == "final"]
    steps = [step for step in plan.steps if step.hook and step.hook.origin == "series"]
    children = _Children(resolution, steps)
    return Outline(
        first=tuple(_always(step) for step in first),
        targets=tuple(children.branch(reach) for reach in resolution.reaches if not reach.parent),
        last=tuple(_always(step) for step in last),
    )


def _branches(step: Step) -> Iterator[str]:
    """On which side branch a step is, and what it takes of others."""
    if step.aside:
        yield f"(aside: {step.aside})"
    if step.joins:
        yield f"(joins {', '.join(step.joins)})"


def _always(step: Step) -> Leaf:
    return Leaf(label=step.name, note=step.reason, number=step.number)


class _Children:
    """What each reading of a series file brought in, found once for the whole plan."""

    def __init__(self, resolution: Resolution, steps: list[Step]) -> None:
        self._readings: dict[int, list[Reach]] = {}
        self._steps: dict[int, list[Step]] = {}
        self._provides: dict[int, list[Provided]] = {}
        for reach in resolution.reaches:
            if reach.parent is not None:
                self._readings.setdefault(id(reach.parent), []).append(reach)
        for step in steps:
            if step.hook is not None:
                self._steps.setdefault(id(step.hook.reach), []).append(step)
        for provided in resolution.provides:
            self._provides.setdefault(id(provided.reach), []).append(provided)
        self._all_kept = not resolution.explicit_provides
        self._explicit = frozenset(resolution.explicit_provides)

    def branch(self, reach: Reach) -> Branch:
        """One series file and all below it; a chain can be deeper than Python's own stack."""
        made: dict[int, Branch] = {}
        for each in reversed(list(self._below(reach))):
            children: list[Branch | Leaf] = [*self._leaves(each)]
            children += [made[id(below)] for below in self._readings.get(id(each), [])]
            made[id(each)] = Branch(
                label=each.series.name,
                note=each.by.place if each.by else "target",
                children=tuple(sorted(children, key=lambda child: child.offset)),
                offset=each.by.start if each.by else 0,
            )
        return made[id(reach)]

    def _below(self, reach: Reach) -> Iterator[Reach]:
        stack = [reach]
        while stack:
            each = stack.pop()
            yield each
            stack += self._readings.get(id(each), [])

    def _leaves(self, reach: Reach) -> Iterator[Leaf]:
        for step in self._steps.get(id(reach), []):
            if step.hook is not None and step.hook.span is not None:
                span = step.hook.span
                note = " ".join([span.place, *_branches(step)])
                yield Leaf(label=step.name, note=note, number=step.number, offset=span.start)
        for provided in self._provides.get(id(reach), []):
            kept = self._all_kept or provided.artifact in self._explicit
            note = "kept" if kept else "dropped by the pruner"
            yield Leaf(label=provided.artifact, note=note, kept=kept, offset=provided.span.start)
