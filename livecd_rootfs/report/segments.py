"""The prefix tree of a run in pieces: steps in a row, up to where builds part or end."""

from __future__ import annotations

from dataclasses import dataclass

from livecd_rootfs.build.forest import Forest, Node
from livecd_rootfs.report.record import Outcome, Record, StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Steps in a row.

    Attributes:
        level: how many partings are before it.
        steps: the steps.
        ends: the targets of each build that is over with the last one.
    """

    level: int
    steps: tuple[StepRecord, ...]
    ends: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """Its first and last step."""
        names = [self.steps[0].node.step.name, self.steps[-1].node.step.name]
        return " … ".join(dict.fromkeys(names))

    @property
    def branch(self) -> str:
        """The side branch that it is, if it is one."""
        return self.steps[0].node.step.aside

    @property
    def size(self) -> int:
        """Bytes of its layers."""
        return sum(step.size for step in self.steps)

    @property
    def seconds(self) -> float:
        """How long workers were busy with it."""
        return sum(step.working for step in self.steps)

    @property
    def tally(self) -> str:
        """What became of its steps, in words."""
        counts = ((o, sum(s.outcome is o for s in self.steps)) for o in Outcome)
        return ", ".join(f"{count} {outcome.value}" for outcome, count in counts if count)


def segments(run: Record) -> tuple[Segment, ...]:
    """The pieces of the tree, depth first."""
    if run.forest is None:
        return ()
    forest = run.forest
    steps = {step.node.number: step for step in run.steps}
    children = forest.children()
    ends = _ends(forest)
    found: list[Segment] = []
    stack = [(first, 0) for first in reversed(children.get(None, []))]
    while stack:
        first, level = stack.pop()
        row = _row(first, children, ends)
        last = row[-1].number
        over = tuple(forest.builds[build].targets for build in ends.get(last, ()))
        found.append(
            Segment(level=level, steps=tuple(steps[node.number] for node in row), ends=over)
        )
        stack += [(child, level + more) for child, more in _partings(children.get(last, []))[::-1]]
    return tuple(found)


def _partings(children: list[Node]) -> list[tuple[Node, int]]:
    """Each way on, and how much further in it is: the main line is not, for a side branch."""
    main = [node for node in children if not node.step.aside]
    goes_on = len(main) == 1 < len(children)
    return [(node, 0 if goes_on and node in main else 1) for node in children]


def _row(
    first: Node, children: dict[int | None, list[Node]], ends: dict[int, list[int]]
) -> list[Node]:
    row = [first]
    while row[-1].number not in ends:
        ways = children.get(row[-1].number, [])
        if len(ways) != 1 or ways[0].step.aside != row[-1].step.aside:
            break
        row += ways
    return row


def _ends(forest: Forest) -> dict[int, list[int]]:
    """The builds that are over with each node; a build's later steps have higher numbers."""
    last = {build: node.number for node in forest.nodes for build in node.builds}
    ends: dict[int, list[int]] = {}
    for build, number in sorted(last.items()):
        ends.setdefault(number, []).append(build)
    return ends
