"""What a rule is: a module that documents one kind of accident and finds it.

The modules stand in the table of ``lint.rules``. ``--explain``, the tests and SARIF read
the documentation from there, and the examples run as tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context


class Rule(Protocol):
    """A module of ``lint.rules``.

    Attributes:
        CODE: the rule's name: a fault, so that ``allow unneeded-depends`` reads right.
        SEVERITY: how much its findings weigh; a finding may weigh less.
        WHAT: what it finds; one line, without a full stop.
        WHY: the accident that it stops, in a sentence or two.
        INSTEAD: what to write instead, in a sentence or two.
        BAD: a tree with the fault, as `examples.read` reads one; ``^`` marks the word that
            each finding points at. These are all findings of this rule there.
        GOOD: the tree without it.
        FIXES: what ``--fix`` does about it; empty when it does nothing.
    """

    CODE: str
    SEVERITY: Severity
    WHAT: str
    WHY: str
    INSTEAD: str
    BAD: str
    GOOD: str
    FIXES: str

    def check(self, context: Context) -> Iterator[Diagnostic]:
        """Find the fault wherever it is in a tree; findings have `CODE` as their code."""
