"""Lines of series files that say something else than their author meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from livecd_rootfs.diagnostics import Edit, Fix, near
from livecd_rootfs.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from livecd_rootfs.series import Entry

    Kind = Literal[
        "byte-order-mark", "keyword-typo", "inline-comment", "several-names", "merge-conflict"
    ]

KEYWORDS = ("depends", "provides")
BYTE_ORDER_MARK = "\ufeff"
# What other formats, or people, call the keywords.
SYNONYMS = {
    "after": "depends",
    "include": "depends",
    "includes": "depends",
    "need": "depends",
    "needs": "depends",
    "require": "depends",
    "requires": "depends",
    "artifact": "provides",
    "make": "provides",
    "makes": "provides",
    "output": "provides",
    "produce": "provides",
    "produces": "provides",
}
WORD = re.compile(r"(?P<word>[A-Za-z]+)(?P<mark>\s*[:=])?(?P<gap>\s*)(?P<rest>.*)", re.DOTALL)
# What git leaves where two sides changed one place.
CONFLICT = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?: .*)?", re.DOTALL)
COMMENT = re.compile(r"\s+#.*", re.DOTALL)
ONE_NAME = "the rest of a line is one name: write one line for each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """What is wrong with a line.

    Attributes:
        kind: the kind of slip.
        message: what is wrong, one line.
        span: the words that are wrong.
        help: what to write instead.
        fix: the change that mends it, when it is clear.
    """

    kind: Kind
    message: str
    span: Span
    help: str
    fix: Fix | None


def look(entry: Entry, exists: Callable[[Kind | str, str], bool]) -> Misread | None:
    """Tell a line that was meant otherwise from one that merely names what is not there.

    Args:
        entry: the line.
        exists: whether there is a hook (``"hook"``) or a series (``"depends"``) of a name.
    """
    if entry.kind != "provides" and exists(entry.kind, entry.name):
        return None
    if entry.name.startswith(BYTE_ORDER_MARK):
        return _byte_order_mark(entry)
    if entry.kind == "hook" and CONFLICT.fullmatch(entry.name):
        return _conflict(entry)
    if " " not in entry.name and "/" in entry.name and entry.name.split() == [entry.name]:
        return None
    return _keyword(entry) or _comment(entry) or _several(entry, exists)


def _byte_order_mark(entry: Entry) -> Misread:
    span = _part(entry, 0, 1)
    return Misread(
        kind="byte-order-mark",
        message="the file begins with a byte order mark",
        span=span,
        help="the file begins with a byte order mark: save it without",
        fix=_fix("remove the byte order mark", (span, "")),
    )


def _conflict(entry: Entry) -> Misread:
    return Misread(
        kind="merge-conflict",
        message="a merge was not finished here: the line is read as the name of a hook",
        span=_part(entry, 0, 7),
        help="take the lines of one side, or of both, and remove the marks",
        fix=None,
    )


def _keyword(entry: Entry) -> Misread | None:
    """A line that should have begun with a keyword, or has nothing or a mark behind it."""
    if entry.kind == "provides":
        return None
    if entry.kind == "depends":
        return _mark_apart(entry)
    found = WORD.fullmatch(entry.name)
    meant = _meant(found["word"]) if found else None
    if not found or not meant or not (found["mark"] or found["gap"] or not found["rest"]):
        return None
    if not found["rest"]:
        names = "a series" if meant == "depends" else "an artifact"
        return Misread(
            kind="keyword-typo",
            message=f"the keyword '{meant}' needs a name behind it",
            span=entry.span,
            help=f"write {names} behind the keyword '{meant}'",
            fix=None,
        )
    span = _part(entry, 0, found.end("mark") if found["mark"] else found.end("word"))
    edit = _part(entry, 0, found.start("rest"))
    return Misread(
        kind="keyword-typo",
        message=f"'{span.text}' is no keyword, so the line names a hook",
        span=span,
        help=f"did you mean the keyword '{meant}'?",
        fix=_fix(
            f"write '{meant}'",
            (edit, f"{meant} "),
            is_safe=found["word"].lower() == meant,
        ),
    )


def _mark_apart(entry: Entry) -> Misread | None:
    """``depends : x`` and ``depends = x``."""
    rest = entry.name.lstrip(":=").lstrip()
    if rest == entry.name or not rest:
        return None
    span = _part(entry, 0, len(entry.name) - len(rest))
    return Misread(
        kind="keyword-typo",
        message=f"'{span.text.strip()}' is read as part of the name",
        span=span,
        help="the keyword and the name stand apart by white space alone",
        fix=_fix("remove the mark", (span, "")),
    )


def _meant(word: str) -> str | None:
    """The keyword that a word may stand for."""
    lower = word.lower()
    if lower in KEYWORDS:
        return lower
    return SYNONYMS.get(lower) or next(iter(near(lower, KEYWORDS)), None)


def _comment(entry: Entry) -> Misread | None:
    found = COMMENT.search(entry.name)
    if not found:
        return None
    comment = found[0].lstrip()
    start = _line_start(entry.span)
    above = Span(source=entry.span.source, start=start, end=start)
    return Misread(
        kind="inline-comment",
        message="a comment stands behind a name",
        span=_part(entry, found.end() - len(comment), found.end()),
        help="a comment takes a line of its own; here it is read as part of the name",
        fix=_fix(
            "move the comment to a line of its own",
            (above, f"{_indent(entry.span)}{comment}\n"),
            (_part(entry, found.start(), found.end()), ""),
        ),
    )


def _several(entry: Entry, exists: Callable[[str, str], bool]) -> Misread | None:
    words = entry.name.split()
    if len(words) == 1:
        return None
    known = entry.kind == "provides" or all(exists(entry.kind, word) for word in words)
    start = entry.name.index(words[1], len(words[0]))
    keyword = "" if entry.kind == "hook" else f"{entry.kind} "
    lines = f"\n{_indent(entry.span)}{keyword}".join(words)
    return Misread(
        kind="several-names",
        message=f"'{entry.name}' is read as one name",
        span=_part(entry, start, len(entry.name)),
        help=ONE_NAME,
        fix=_fix("write one line for each name", (entry.span, lines)) if known else None,
    )


def _part(entry: Entry, start: int, end: int) -> Span:
    """A part of the entry's name."""
    first = entry.span.start
    return Span(source=entry.span.source, start=first + start, end=first + end)


def _line_start(span: Span) -> int:
    return span.source.text.rfind("\n", 0, span.start) + 1


def _indent(span: Span) -> str:
    """The white space that the line begins with."""
    line = span.source.text[_line_start(span) : span.end]
    return line[: len(line) - len(line.lstrip())]


def _fix(message: str, *edits: tuple[Span, str], is_safe: bool = True) -> Fix:
    changed = tuple(Edit(span=span, replacement=text) for span, text in edits)
    return Fix(message=message, edits=changed, is_safe=is_safe)
