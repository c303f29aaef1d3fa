"""A finding about a file: a frozen value that any renderer can show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livecd_rootfs.source import Span


class Severity(Enum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A part of a source, and what is to be said of it."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A part of a source, and the text that should stand there."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What mends a finding.

    Attributes:
        message: what it does, in the imperative.
        edits: changes of texts; all of them or none.
        executable: files to make executable, by their paths.
        is_safe: whether it can't be wrong; else it is the best guess.
    """

    message: str
    edits: tuple[Edit, ...] = ()
    executable: tuple[str, ...] = ()
    is_safe: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A finding.

    Attributes:
        code: its stable name, in lower case with dashes.
        severity: how much it weighs.
        message: what is wrong, one line.
        labels: where, the chief place first; none when it is in no file.
        notes: what else helps to understand it, one line each.
        help: what the user can do about it.
        fix: the change that mends it, when there is exactly one.
    """

    code: str
    severity: Severity
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def is_error(self) -> bool:
        """Whether it stops a command."""
        return self.severity is Severity.ERROR
