"""Commands of GitHub's workflows, which show findings beside the lines of a change.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.formats import places
from livecd_rootfs.lint.formats.places import clean

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
# In a value of a property a comma and a colon would end it, besides what ends a line.
IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_VALUES = {**IN_MESSAGES, ":": "%3A", ",": "%2C"}


def render(findings: Sequence[Diagnostic]) -> str:
    """The findings, as a line each."""
    return "".join(f"{_command(one)}\n" for one in findings)


def _command(found: Diagnostic) -> str:
    properties = ",".join(f"{name}={_value(value)}" for name, value in _properties(found))
    told = (found.message, *found.notes, found.help or "")
    message = "\n".join(clean(text) for text in told if text)
    return f"::{COMMANDS[found.severity]} {properties}::{_escaped(message, IN_MESSAGES)}"


def _properties(found: Diagnostic) -> list[tuple[str, object]]:
    title = [("title", f"series-lint {found.code}")]
    if not found.labels:
        return [*title]
    place = places.of(found.labels[0].span)
    lines: list[tuple[str, object]] = [
        ("file", place.path),
        ("line", place.line),
        ("endLine", place.end_line),
    ]
    if place.line == place.end_line:  # columns of several lines mean nothing there
        lines += [("col", place.column), ("endColumn", max(place.column, place.end_column - 1))]
    return [*lines, *title]


def _value(value: object) -> str:
    return _escaped(str(value), IN_VALUES)


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)
