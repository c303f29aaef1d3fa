"""Where a finding is, as programs want to know it: path, first and last line and column."""

from __future__ import annotations

from dataclasses import dataclass

from livecd_rootfs.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a file; lines and columns from 1, the last column is not part of it."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


def of(span: Span) -> Place:
    """Where a span is."""
    start, end = span.position, span.source.position(span.end)
    return Place(
        # File names may be of any bytes, which JSON can't hold.
        path=span.source.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        line=start.line,
        column=start.column,
        end_line=end.line,
        end_column=end.column,
    )


def clean(text: str) -> str:
    """The text without what stands for bytes that are no text, which JSON can't hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
