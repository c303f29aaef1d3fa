"""The prefix tree of builds: every distinct beginning of their steps, once.

Builds of one run have the same settings and differ in their targets. Two of
them share a step when they share all steps before it and the step can't see a
difference: it does not read the targets, and is no final hook, which sees what
they provide. Pure: no file is read here.

A step that is *aside* lies on a side branch: the main line goes on without it, from
the step before. A step that *joins* a side branch waits for it, and takes some of
what is there, but none of its layers.
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
        joined: the side branches that it joins: their names, and the numbers of their last
            steps, which are smaller than its own.
    """

    number: int
    step: Step
    parent: int | None
    builds: tuple[int, ...]
    depth: int
    own: bool
    joined: tuple[tuple[str, int], ...] = ()

    @property
    def needs(self) -> tuple[int, ...]:
        """The numbers of the steps that it waits for."""
        first = () if self.parent is None else (self.parent,)
        return (*first, *(number for _, number in self.joined))


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
        line = (n for n in self.nodes if build in n.builds and not n.step.aside)
        return max(line, key=lambda n: n.depth)

    def children(self) -> dict[int | None, list[Node]]:
        """The nodes after each node, in order; under ``None`` the first ones."""
        found: dict[int | None, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.parent, []).append(node)
        return found

    def waiting(self) -> dict[int | None, list[Node]]:
        """The nodes that wait for each node, in order; under ``None`` those that wait for none."""
        found: dict[int | None, list[Node]] = {}
        for node in self.nodes:
            for need in node.needs or (None,):
                found.setdefault(need, []).append(node)
        return found

    def aside(self, build: int) -> tuple[Node, ...]:
        """The steps of side branches that a build's main line joins, in their order."""
        tips = [number for node in self.chain(self.last(build)) for _, number in node.joined]
        steps = (node for tip in tips for node in self.chain(self.node(tip)) if node.step.aside)
        return tuple(dict.fromkeys(steps))


@dataclass(slots=True)
class _Branch:
    """A node while the forest grows."""

    step: Step
    own: bool
    builds: list[int]
    children: dict[tuple[str, object], _Branch]
    joined: tuple[tuple[str, _Branch], ...] = ()
    number: int = 0


@dataclass(slots=True)
class _Line:
    """A build's way through the growing forest: its last step, and those of its side branches."""

    level: dict[tuple[str, object], _Branch]
    sides: dict[str, _Branch]

    def add(self, step: Step, own: object, index: int) -> None:
        """Go on with a step, with the branch that is there or with a new one."""
        side = self.sides.get(step.aside)
        level = side.children if side else self.level
        joined = self._joined(step)
        identity = (step.name, (own, tuple(id(tip) for _, tip in joined)))
        branch = level.setdefault(identity, _Branch(step, own is not None, [], {}, joined))
        branch.builds.append(index)
        if step.aside:
            self.sides[step.aside] = branch
        else:
            self.level = branch.children

    def _joined(self, step: Step) -> tuple[tuple[str, _Branch], ...]:
        names = dict.fromkeys(path.partition("/")[0] for path in step.joins)
        return tuple((name, self.sides[name]) for name in names if name in self.sides)


def forest(plans: Sequence[BuildPlan]) -> Forest:
    """The prefix tree of plans.

    Raises:
        UsageError: two of them provide one artifact; the places of both are named.
    """
    refuse_shared_artifacts(plans)
    roots: dict[tuple[str, object], _Branch] = {}
    for index, plan in enumerate(plans):
        line = _Line(roots, {})
        for step in plan.steps:
            if step.kind is not StepKind.TOOLS:
                own = (plan.targets, tuple(plan.places)) if sees_its_build(step) else None
                line.add(step, own, index)
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
    """Depth first, and side branches before the main line, which may join them."""
    nodes: list[Node] = []
    stack: list[tuple[_Branch, int | None, int]] = [
        (branch, None, 0) for branch in reversed(_in_order(roots))
    ]
    while stack:
        branch, parent, depth = stack.pop()
        branch.number = number = len(nodes) + 1
        nodes.append(
            Node(
                number=number,
                step=branch.step,
                parent=parent,
                builds=tuple(dict.fromkeys(branch.builds)),
                depth=depth,
                own=branch.own,
                joined=tuple((name, tip.number) for name, tip in branch.joined),
            )
        )
        children = _in_order(branch.children)
        stack += [(child, number, depth + 1) for child in reversed(children)]
    return tuple(nodes)


def _in_order(branches: dict[tuple[str, object], _Branch]) -> list[_Branch]:
    return sorted(branches.values(), key=lambda branch: not branch.step.aside)


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
