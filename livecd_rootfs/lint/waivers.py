"""Waivers: comments that allow a finding at one place.

::

    # lint: allow shared-provides
    provides ${PREFIX}.manifest

Such a line speaks of the next line that is no comment. In the comments that a file begins
with it speaks of findings on the first line, too, as nothing can stand above that one.
Several names are apart by commas or white space; the rest of a line from ``--`` on is the
reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from livecd_rootfs.diagnostics import Edit
from livecd_rootfs.lint.text import Text
from livecd_rootfs.source import Span

MARK = b"lint:"
WAIVER = re.compile(r"\s*#+\s*lint:\s*allow(?P<names>.*)")
NAME = re.compile(r"[^\s,]+")
REASON = re.compile(r"\s--(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A name in a waiver.

    Attributes:
        code: the rule that is allowed to be broken.
        span: where it stands.
        lines: the lines that it speaks of, counted from 1.
    """

    code: str
    span: Span
    lines: tuple[int, ...]

    def covers(self, code: str, span: Span) -> bool:
        """Whether it allows a finding of a rule at a place."""
        same_file = span.source.path == self.span.source.path
        return same_file and code == self.code and span.position.line in self.lines


def read(text: Text) -> tuple[Waiver, ...]:
    """The waivers in a series file or a hook."""
    return tuple(_waivers(text)) if MARK in text.data else ()


def removal(waiver: Waiver) -> Edit:
    """What takes a name out of its comment, or the comment, if it has no other name."""
    source = waiver.span.source
    start = source.text.rfind("\n", 0, waiver.span.start) + 1
    line = source.line(source.position(start).line)
    found = WAIVER.fullmatch(line)
    names = list(_names(found)) if found else []
    if len(names) <= 1:
        end = min(start + len(line) + 1, len(source.text))
        return Edit(span=Span(source=source, start=start, end=end), replacement="")
    mine = names.index((waiver.span.start - start, waiver.span.end - start))
    first, last = (
        (names[mine][0], names[mine + 1][0])
        if mine + 1 < len(names)
        else (names[mine - 1][1], names[mine][1])
    )
    return Edit(span=Span(source=source, start=start + first, end=start + last), replacement="")


def _waivers(text: Text) -> Iterator[Waiver]:
    lines = text.source.text.split("\n")
    start, at_top = 0, True
    for index, line in enumerate(lines):
        at_top = at_top and line.lstrip().startswith("#")
        found = WAIVER.fullmatch(line)
        if found:
            spoken_of = (1, _next_line(lines, index)) if at_top else (_next_line(lines, index),)
            for first, last in _names(found):
                span = text.span(start + first, start + last)
                yield Waiver(code=span.text, span=span, lines=spoken_of)
        start += len(line) + 1


def _names(found: re.Match[str]) -> Iterator[tuple[int, int]]:
    reason = REASON.search(found["names"])
    end = found.start("names") + (reason.start() if reason else len(found["names"]))
    for name in NAME.finditer(found.string, found.start("names"), end):
        yield name.span()


def _next_line(lines: list[str], index: int) -> int:
    """The number of the next line that is no comment."""
    for number in range(index + 1, len(lines)):
        if not lines[number].lstrip().startswith("#"):
            return number + 1
    return len(lines)
