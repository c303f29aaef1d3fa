"""The prefix tree of builds: every distinct beginning of their steps, once.

Builds of one run have the same settings and differ in their targets. Two of
them share a step when they share all steps before it and the step can't see a
difference: it does not read the targets, and is no final hook, which sees what
they provide. Pure: no file is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livecd_rootfs.build.plan import BuildPlan, Step, StepKind
from livecd_rootfs.errors import UsageError

# Variables that differ between the builds of one run.
OWN_VARIABLES = frozenset({"IMAGE_TARGETS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of one or more builds.

    Attributes:
        number: its place in the forest, from 1; a parent's is smaller.
        step: what runs.
        parent: number of the step before it; ``None`` for a first one.
        builds: indexes of the builds that it belongs to.
        depth: how many steps are before it.
        own: whether it sees what is its builds' own, so that only equal builds share it.
    """

    number: int
    step: Step
    parent: int | None
    builds: tuple[int, ...]
    depth: int
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """All builds of a run, with their steps.

    Attributes:
        builds: their plans.
        nodes: in depth-first order, the first build's steps first.
        tools: the step that makes the tools root, if one is needed; it has no parent and no
            children, but every step whose tools are there waits for it.
    """

    builds: tuple[BuildPlan, ...]
    nodes: tuple[Node, ...]
    tools: Step | None

    def node(self, number: int) -> Node:
        """The node of a number."""
        return self.nodes[number - 1]

    def chain(self, node: Node) -> tuple[Node, ...]:
        """The nodes from the first one to this one."""
        upwards = [node]
        while upwards[-1].parent is not None:
            upwards.append(self.node(upwards[-1].parent))
        return tuple(reversed(upwards))

    def last(self, build: int) -> Node:
        """The last step of a build."""
        return max((n for n in self.nodes if build in n.builds), key=lambda n: n.depth)

    def children(self) -> dict[int | None, list[Node]]:
        """The nodes after each node, in order; under ``None`` the first ones."""
        found: dict[int | None, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.parent, []).append(node)
        return found


@dataclass(slots=True)
class _Branch:
    """A node while the forest grows."""

    step: Step
    own: bool
    builds: list[int]
    children: dict[tuple[str, object], _Branch]


def forest(plans: Sequence[BuildPlan]) -> Forest:
    """The prefix tree of plans.

    Raises:
        UsageError: two of them provide one artifact; the places of both are named.
    """
    refuse_shared_artifacts(plans)
    roots: dict[tuple[str, object], _Branch] = {}
    for index, plan in enumerate(plans):
        level = roots
        for step in plan.steps:
            if step.kind is StepKind.TOOLS:
                continue
            own = sees_its_build(step)
            identity = (step.name, (plan.targets, tuple(plan.places)) if own else None)
            branch = level.setdefault(identity, _Branch(step, own, [], {}))
            branch.builds.append(index)
            level = branch.children
    return Forest(builds=tuple(plans), nodes=_numbered(roots), tools=_tools(plans))


def sees_its_build(step: Step) -> bool:
    """Whether a step can see what differs between the builds of a run."""
    declared = step.header.env if step.header else None
    return (
        step.kind is StepKind.FINAL
        or step.reads_targets
        or bool(OWN_VARIABLES & set(declared or ()))
    )


def _tools(plans: Sequence[BuildPlan]) -> Step | None:
    steps = [step for plan in plans for step in plan.steps if step.kind is StepKind.TOOLS]
    return steps[0] if steps else None


def _numbered(roots: dict[tuple[str, object], _Branch]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    stack: list[tuple[_Branch, int | None, int]] = [
        (branch, None, 0) for branch in reversed(roots.values())
    ]
    while stack:
        branch, parent, depth = stack.pop()
        number = len(nodes) + 1
        nodes.append(
            Node(
                number=number,
                step=branch.step,
                parent=parent,
                builds=tuple(dict.fromkeys(branch.builds)),
                depth=depth,
                own=branch.own,
            )
        )
        stack += [(child, number, depth + 1) for child in reversed(branch.children.values())]
    return tuple(nodes)


def refuse_shared_artifacts(plans: Sequence[BuildPlan]) -> None:
    """Two builds that provide one name would overwrite each other's artifact.

    Raises:
        UsageError: there are such.
    """
    makers: dict[str, tuple[BuildPlan, str]] = {}
    for plan in plans:
        for name, place in plan.places.items():
            if name in makers:
                other, elsewhere = makers[name]
                raise UsageError(
                    f"two builds provide '{name}': {','.join(other.targets)} and "
                    f"{','.join(plan.targets)}",
                    place=place,
                    why=f"{elsewhere} provides it, too, and one would overwrite the other's",
                    remedy="build them in one: "
                    f"{','.join(dict.fromkeys((*other.targets, *plan.targets)))}",
                )
            makers[name] = (plan, place)
