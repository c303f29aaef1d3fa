"""The outline as text: a tree with places, for people."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.views.outline import Branch, Leaf, Outline

GAP = 3


def render(shown: Outline, heading: str) -> str:
    """The outline as lines; the notes stand in one column.

    Args:
        shown: what to render.
        heading: the first line.
    """
    rows: list[tuple[str, str]] = [("before all", "")]
    rows += [(f"  {_label(leaf)}", leaf.note) for leaf in shown.first]
    for target in shown.targets:
        rows += [("", ""), (target.label, target.note), *_rows(target)]
    if shown.last:
        rows += [("", ""), ("after all", "")]
        rows += [(f"  {_label(leaf)}", leaf.note) for leaf in shown.last]
    width = max(len(left) for left, _ in rows) + GAP
    lines = [f"{left.ljust(width)}{note}".rstrip() for left, note in rows]
    return "\n".join([heading, "", *lines]) + "\n"


def _label(leaf: Leaf) -> str:
    if leaf.number is not None:
        return f"{leaf.number:>3}  {leaf.label}"
    return f"=>   {leaf.label}"


def _rows(target: Branch) -> Iterator[tuple[str, str]]:
    stack: list[tuple[str, Branch | Leaf, bool]] = _children(target, "")
    while stack:
        indent, child, is_last = stack.pop()
        joint = "└─ " if is_last else "├─ "
        if isinstance(child, Leaf):
            yield f"{indent}{joint}{_label(child)}", child.note
            continue
        yield f"{indent}{joint}{child.label}", child.note
        stack += _children(child, indent + ("   " if is_last else "│  "))


def _children(branch: Branch, indent: str) -> list[tuple[str, Branch | Leaf, bool]]:
    last = len(branch.children) - 1
    rows = [(indent, child, number == last) for number, child in enumerate(branch.children)]
    return rows[::-1]
