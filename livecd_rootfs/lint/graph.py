"""The tree as a graph: series, hooks and artifacts, and what no build of the targets reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from livecd_rootfs import process
from livecd_rootfs.diagnostics import near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.hooktree import CHROOT_FOLDER, FINAL_HOOKS
from livecd_rootfs.lint.context import Context
from livecd_rootfs.process import CommandMissing
from livecd_rootfs.views import drawing
from livecd_rootfs.views.drawing import Edge, Graph, Node

FORMS = ("text", "dot", "mermaid", "svg")
# The aggregate that a build makes when it is not told what to build.
DEFAULT_TARGET = "all"
_MARK = "unreachable"


def targets_of(context: Context, words: Sequence[str]) -> tuple[str, ...]:
    """What is to be reached: the targets that are named, else `all`, else every one on top.

    Raises:
        UsageError: there is no such target.
    """
    for word in words:
        if word not in context.series:
            raise unknown_series(context, word)
    if words or DEFAULT_TARGET in context.series:
        return tuple(words) or (DEFAULT_TARGET,)
    below = {entry.name for _, entry in context.entries("depends")}
    return tuple(name for name in context.series if name not in below) or tuple(context.series)


def unknown_series(context: Context, name: str) -> UsageError:
    """What is said of a name that no series file has."""
    remedy = did_you_mean(near(name, context.series)) or f"one of: {', '.join(context.series)}"
    return UsageError(f"there is no series file '{name}'", remedy=remedy)


def of(context: Context, targets: Sequence[str]) -> Graph:
    """The graph of all that is in the tree; what the targets don't reach is marked."""
    reached = {name for target in targets for name in context.below(target)}
    edges = tuple(dict.fromkeys(_edges(context)))
    keys = dict.fromkeys(f"series {name}" for name in context.series)
    keys |= dict.fromkeys(f"hook {name}" for name, hook in context.hooks.items() if hook.is_file)
    there = set(keys)
    keys |= dict.fromkeys(edge.end for edge in edges)
    found = {f"series {name}" for name in reached}
    found |= {edge.end for edge in edges if edge.start in found}
    found |= {key for key in keys if _always_runs(key)}
    missing = {key for key in keys if key not in there and not key.startswith("artifact ")}
    nodes = (_node(key, is_reached=key in found, is_missing=key in missing) for key in keys)
    return Graph(nodes=tuple(nodes), edges=edges)


def _always_runs(key: str) -> bool:
    name = key.removeprefix("hook ")
    return name in FINAL_HOOKS or name.startswith(f"{CHROOT_FOLDER}/")


def _edges(context: Context) -> Iterator[Edge]:
    ends = {"depends": "series", "hook": "hook", "provides": "artifact"}
    for series, entry in context.entries(*ends):
        line = str(entry.span.position.line)
        end = f"{ends[entry.kind]} {entry.name}"
        yield Edge(start=f"series {series.name}", end=end, label=line)


def _node(key: str, *, is_reached: bool, is_missing: bool) -> Node:
    kind, _, name = key.partition(" ")
    label = f"{name} (missing)" if is_missing else name
    return Node(key=key, kind=kind, label=label, is_reached=is_reached)


def render(form: str, shown: Graph, targets: Sequence[str]) -> str:
    """The graph in one of `FORMS`.

    Raises:
        LivecdError: Graphviz is needed, and is not there or fails.
    """
    if form == "dot":
        return drawing.dot(shown)
    if form == "mermaid":
        return drawing.mermaid(shown)
    return _svg(shown) if form == "svg" else _text(shown, targets)


def _svg(shown: Graph) -> str:
    try:
        return process.run(["dot", "-Tsvg"], stdin=drawing.dot(shown)).stdout
    except CommandMissing as error:
        raise LivecdError(
            "the form svg needs Graphviz's program dot, which is not installed",
            remedy=f"{error.remedy}; or --format dot, for a machine that has it",
        ) from error


def _text(shown: Graph, targets: Sequence[str]) -> str:
    """The targets as trees, then all that is in none of them."""
    lines = [line for target in targets for line in _tree(shown, f"series {target}")]
    always = [node for node in shown.nodes if node.kind == "hook" and _always_runs(node.key)]
    if always:
        lines += ["", "in every build", *(f"   {node.label}" for node in always)]
    # The artifacts of a series that nobody reaches go without saying.
    left = [node for node in shown.nodes if not (node.is_reached or node.kind == "artifact")]
    if left:
        lines += ["", f"{_MARK} from {' '.join(targets)}"]
        lines += [f"   {node.kind:<9}{node.label}" for node in left]
    return "\n".join(lines) + "\n"


def _tree(shown: Graph, top: str) -> Iterator[str]:
    """A series and all below it; what was shown before is not shown again."""
    children: dict[str, list[Edge]] = {}
    for edge in shown.edges:
        children.setdefault(edge.start, []).append(edge)
    labels = {node.key: node for node in shown.nodes}
    yield labels[top].label
    seen, waiting = {top}, _rows(children.get(top, []), "")
    while waiting:
        indent, edge, is_last = waiting.pop()
        node = labels[edge.end]
        arrow = "=> " if node.kind == "artifact" else ""
        is_again = node.kind == "series" and edge.end in seen and edge.end in children
        more = " (above)" if is_again else ""
        yield f"{indent}{'└─ ' if is_last else '├─ '}{arrow}{node.label}{more}"
        if node.kind == "series" and edge.end not in seen:
            seen.add(edge.end)
            waiting += _rows(children.get(edge.end, []), indent + ("   " if is_last else "│  "))


def _rows(edges: Sequence[Edge], indent: str) -> list[tuple[str, Edge, bool]]:
    """What stands below a series, to be popped in the order of its lines."""
    last = len(edges) - 1
    return [(indent, edge, number == last) for number, edge in enumerate(edges)][::-1]
