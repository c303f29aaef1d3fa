"""Who follows a script: what commands need of it."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from livecd_rootfs.lint.effects.memory import Memory, Texts
from livecd_rootfs.lint.effects.programs import Deed
from livecd_rootfs.lint.effects.record import Record
from livecd_rootfs.lint.effects.syntax import Node, Script
from livecd_rootfs.source import Source


class End(Enum):
    """How a list of commands comes to its end before its last one."""

    FUNCTION = "return"
    LOOP = "break"
    SCRIPT = "exit"


class Follower(Protocol):
    """Follows one script, and what it sources and calls.

    Attributes:
        script: the script.
        record: where what is found goes.
        at_exit: what traps run: the word that says so, and its text.
        unsure: more than 0 where not every run comes by.
    """

    script: Script
    record: Record
    at_exit: list[tuple[Node, str]]
    unsure: int

    def find(self, path: str) -> Source | None:
        """The file that a script sources or runs, if it comes with the hook."""

    def texts(self, node: Node, memory: Memory) -> Texts:
        """What a word can become."""

    def redirect(self, node: Node, memory: Memory) -> None:
        """Follow ``> file`` and its kin."""

    def deed(self, deed: Deed, node: Node, by: str, memory: Memory) -> None:
        """Record what is done with a name."""

    def unclear(self, node: Node, by: str) -> None:
        """Record that nobody knows what goes on there."""

    def inner(self, text: str, node: Node, memory: Memory) -> End | None:
        """Follow a script that stands in a word of this one, and is all at that place."""

    def outer(self, source: Source, memory: Memory) -> End | None:
        """Follow another file that this script sources."""

    def has(self, function: str) -> bool:
        """Whether the script defines a function."""

    def call(self, name: str, arguments: tuple[Texts, ...], memory: Memory) -> None:
        """Follow a function of the script."""
