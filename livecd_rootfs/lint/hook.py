"""A hook's file, read when it is asked for."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from livecd_rootfs import header
from livecd_rootfs.header import ParsedHeader
from livecd_rootfs.lint.text import Text

if TYPE_CHECKING:
    from livecd_rootfs.hooktree import HookState
    from livecd_rootfs.lint.tree import LintTree

# The interpreter's base name, behind env and its options if need be.
SHEBANG = re.compile(r"#![ \t]*(?:\S*/env(?:[ \t]+-\S+)*[ \t]+)?(?:\S*/)?(?P<name>[^\s/]+)")


class Hook:
    """A file of ``hooks.d`` that is, or could be, a hook.

    Args:
        name: its path relative to ``hooks.d``.
        tree: the ``hooks.d``.
    """

    def __init__(self, name: str, tree: LintTree) -> None:
        self.name = name
        self.path = tree.path(name)
        self._tree = tree

    def __repr__(self) -> str:
        return f"Hook({self.name!r})"

    @cached_property
    def state(self) -> HookState:
        """What stands at its path."""
        return self._tree.hook_state(self.name)

    @property
    def is_file(self) -> bool:
        """Whether it can be read."""
        return self.state in ("ready", "not executable")

    @cached_property
    def text(self) -> Text:
        """What is in it; nothing, when it is no file.

        Raises:
            LivecdError: it can't be read.
        """
        return self._tree.text(self.path) if self.is_file else Text(self.path, b"")

    @property
    def is_script(self) -> bool:
        """Whether its text is the program, rather than machine code."""
        return b"\0" not in self.text.data

    @cached_property
    def interpreter(self) -> str:
        """The base name of what runs it, such as ``sh`` or ``python3``; empty if unknown."""
        found = SHEBANG.match(self.text.source.line(1))
        return found["name"] if found else ""

    @cached_property
    def header(self) -> ParsedHeader:
        """What it declares in its ``# hook:`` lines."""
        return header.parse(self.path, self.text.data)
