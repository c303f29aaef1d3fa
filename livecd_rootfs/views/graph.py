"""A plan as a graph of series files, hooks and artifacts."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.build.plan import BuildPlan
from livecd_rootfs.resolve import Resolution
from livecd_rootfs.views.drawing import Edge, Graph, Node


def graph(plan: BuildPlan, resolution: Resolution) -> Graph:
    """The graph of a plan."""
    numbers = {step.name: step.number for step in plan.steps}
    edges = tuple(dict.fromkeys(_edges(resolution)))
    keys = dict.fromkeys(
        [f"series {reach.series.name}" for reach in resolution.reaches]
        + [edge.end for edge in edges]
    )
    return Graph(nodes=tuple(_node(key, numbers) for key in keys), edges=edges)


def _edges(resolution: Resolution) -> Iterator[Edge]:
    for reach in resolution.reaches:
        if reach.parent is not None and reach.by is not None:
            start, end = f"series {reach.parent.series.name}", f"series {reach.series.name}"
            yield Edge(start=start, end=end, label=str(reach.by.position.line))
    for hook in resolution.hooks:
        if hook.reach is not None and hook.span is not None:
            start, line = f"series {hook.reach.series.name}", str(hook.span.position.line)
            yield Edge(start=start, end=f"hook {hook.name}", label=line)
    for provided in resolution.provides:
        start, line = f"series {provided.reach.series.name}", str(provided.span.position.line)
        yield Edge(start=start, end=f"artifact {provided.artifact}", label=line)


def _node(key: str, numbers: dict[str, int]) -> Node:
    kind, _, label = key.partition(" ")
    number = numbers.get(label) if kind == "hook" else None
    return Node(key=key, kind=kind, label=f"{number} {label}" if number else label)
