"""The syntax tree of a shell script, by tree-sitter, and where its parts stand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser, Tree

from livecd_rootfs.source import Source, Span

__all__ = ["Node", "Script"]


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


class Script:
    """A shell script, parsed; any text is one, with errors as nodes of the tree.

    Args:
        source: its text.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._bytes = source.text.encode(errors="surrogateescape")
        self._tree: Tree = _parser().parse(self._bytes)

    @property
    def root(self) -> Node:
        """The whole of it."""
        return self._tree.root_node

    def span(self, node: Node) -> Span:
        """Where a part stands."""
        start, end = self._offset(node.start_byte), self._offset(node.end_byte)
        return Span(source=self.source, start=start, end=end)

    def text(self, node: Node) -> str:
        """What a part says."""
        return self._bytes[node.start_byte : node.end_byte].decode(errors="replace")

    def between(self, start: int, end: int) -> str:
        """The text from one byte up to another."""
        return self._bytes[start:end].decode(errors="replace") if start < end else ""

    def _offset(self, byte: int) -> int:
        """The parser counts bytes, a source counts characters."""
        if len(self._bytes) == len(self.source.text):
            return byte
        return len(self._bytes[:byte].decode(errors="surrogateescape"))


def below(node: Node) -> Iterator[Node]:
    """A part and all parts of it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += reversed(each.named_children)
