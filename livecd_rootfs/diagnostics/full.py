"""The full form of a finding: message, place, the source line with its words underlined."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from livecd_rootfs.diagnostics.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from livecd_rootfs.diagnostics.diagnostic import Diagnostic, Label

# Columns of a source line that are shown; a longer one is cut around the underlined word.
SHOWN = 100
BEFORE = 30
TAB = "    "


def plain(_part: str, text: str) -> str:
    """The text without colours."""
    return text


def render(
    diagnostic: Diagnostic, *, program: str = "", paint: Callable[[str, str], str] = plain
) -> str:
    """The finding as a compiler shows one, with a final newline.

    Args:
        diagnostic: the finding.
        program: begins the first line, as in ``make-hooks: ...``; without it the line
            begins with severity and code.
        paint: gives a part of it (its name, its text) a colour, see ``colour.ansi``.
    """
    width = max((len(str(_line(label))) for label in diagnostic.labels), default=0)
    gutter = " " * width
    bar, sign = paint("frame", f"{gutter} |"), paint("frame", f"{gutter} =")
    lines = [_heading(diagnostic, program, paint)]
    for number, label in enumerate(diagnostic.labels):
        style = "frame" if number else diagnostic.severity.value
        lines += _place(label, gutter, ":::" if number else "-->", style, paint)
    notes = [f"{sign} {paint('note', 'note:')} {printable(note)}" for note in diagnostic.notes]
    remedy = [
        f"{sign} {paint('help', 'help:')} {printable(text)}" for text in [diagnostic.help] if text
    ]
    rule = [bar] if diagnostic.labels and (notes or remedy) else []
    return "\n".join(lines + rule + notes + remedy) + "\n"


def printable(text: str) -> str:
    """The text with whatever could move a terminal's cursor written as an escape."""
    return "".join(_visible(character) for character in text)


def _heading(diagnostic: Diagnostic, program: str, paint: Callable[[str, str], str]) -> str:
    message = paint("message", printable(diagnostic.message))
    if not program:
        name = diagnostic.severity.value
        return f"{paint(name, f'{name}[{diagnostic.code}]')}: {message}"
    if diagnostic.severity is Severity.WARNING:
        return f"{program}: warning: {message}"
    return f"{program}: {message}"


def _line(label: Label) -> int:
    return label.span.position.line


def _place(
    label: Label, gutter: str, arrow: str, style: str, paint: Callable[[str, str], str]
) -> list[str]:
    source, position = label.span.source, label.span.position
    if not source.text:  # a folder or a link, or an empty file
        named = f"{printable(source.path)} {printable(label.text)}".rstrip()
        return [f"{paint('frame', f'{gutter} {arrow}')} {named}"]
    text = source.line(position.line)
    start = position.column - 1
    end = max(start + 1, start + label.span.end - label.span.start)
    before, word, after = _window(text, start, end)
    number = str(position.line).rjust(len(gutter))
    marks = f"{'^' * max(1, _width(word))} {printable(label.text)}".rstrip()
    bar = paint("frame", f"{gutter} |")
    return [
        f"{paint('frame', f'{gutter} {arrow}')} {printable(label.span.place)}",
        bar,
        f"{paint('frame', f'{number} |')} {before}{word}{after}",
        f"{bar} {' ' * _width(before)}{paint(style, marks)}",
    ]


def _window(text: str, start: int, end: int) -> tuple[str, str, str]:
    first = start - BEFORE if start > SHOWN - BEFORE else 0
    last = first + SHOWN
    before = ("..." if first else "") + _expand(text[first:start])
    word = _expand(text[start : min(end, last)])
    after = _expand(text[end:last]) + ("..." if len(text) > last else "")
    return before, word, after


def _expand(text: str) -> str:
    return printable(text.replace("\t", TAB))


def _visible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character


def _width(text: str) -> int:
    """Columns on a terminal; East Asian wide characters take two, combining ones none."""
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
