"""Graphs of series files, hooks and artifacts, in the words of dot or mermaid."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node.

    Attributes:
        key: what tells it from all others.
        kind: series, hook or artifact.
        label: what it is called.
        is_reached: whether a build comes by; what is not is marked.
    """

    key: str
    kind: str
    label: str
    is_reached: bool = True


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


_DOT_SHAPES = {"series": "folder", "hook": "box", "artifact": "note"}


_DOT_UNREACHED = ' style=dashed color=red fontcolor=red tooltip="unreachable"'


def dot(shown: Graph) -> str:
    """The graph for Graphviz."""
    nodes = [
        f"  {_quoted(node.key)} [label={_quoted(node.label)} shape={_DOT_SHAPES[node.kind]}"
        f"{'' if node.is_reached else _DOT_UNREACHED}];"
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

_MERMAID_UNREACHED = "classDef unreachable stroke:#d00,color:#d00,stroke-dasharray:4"


def mermaid(shown: Graph) -> str:
    """The graph for mermaid, as web pages of repositories show it."""
    names = {node.key: f"n{number}" for number, node in enumerate(shown.nodes)}
    nodes = [f"  {names[node.key]}{_in_mermaid(node)}" for node in shown.nodes]
    edges = [f"  {names[edge.start]} -->|{edge.label}| {names[edge.end]}" for edge in shown.edges]
    marked = [names[node.key] for node in shown.nodes if not node.is_reached]
    if marked:
        edges += [f"  {_MERMAID_UNREACHED}", f"  class {','.join(marked)} unreachable"]
    return "\n".join(["flowchart LR", *nodes, *edges]) + "\n"


def _in_mermaid(node: Node) -> str:
    return _MERMAID_SHAPES[node.kind].format(node.label.replace('"', "#quot;"))
