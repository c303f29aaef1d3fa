"""A plan as a graph of series files, hooks and artifacts, in the words of dot or mermaid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livecd_rootfs.build.plan import BuildPlan
from livecd_rootfs.resolve import Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node: ``kind`` is series, hook or artifact."""

    key: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From a series to what one of its lines names; ``label`` is that line's number."""

    start: str
    end: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes and edges, each once."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


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


_DOT_SHAPES = {"series": "folder", "hook": "box", "artifact": "note"}


def dot(shown: Graph) -> str:
    """The graph for Graphviz."""
    nodes = [
        f"  {_quoted(node.key)} [label={_quoted(node.label)} shape={_DOT_SHAPES[node.kind]}];"
        for node in shown.nodes
    ]
    edges = [
        f"  {_quoted(edge.start)} -> {_quoted(edge.end)} [label={_quoted(edge.label)}];"
        for edge in shown.edges
    ]
    return "\n".join(["digraph plan {", "  rankdir=LR;", *nodes, *edges, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_MERMAID_SHAPES = {"series": '(["{}"])', "hook": '["{}"]', "artifact": '[/"{}"/]'}


def mermaid(shown: Graph) -> str:
    """The graph for mermaid, as web pages of repositories show it."""
    names = {node.key: f"n{number}" for number, node in enumerate(shown.nodes)}
    nodes = [f"  {names[node.key]}{_in_mermaid(node)}" for node in shown.nodes]
    edges = [f"  {names[edge.start]} -->|{edge.label}| {names[edge.end]}" for edge in shown.edges]
    return "\n".join(["flowchart LR", *nodes, *edges]) + "\n"


def _in_mermaid(node: Node) -> str:
    return _MERMAID_SHAPES[node.kind].format(node.label.replace('"', "#quot;"))
