"""duplicate-line: a series file says the same twice."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.series import Entry
from livecd_rootfs.source import Span

CODE = "duplicate-line"
SEVERITY = Severity.WARNING
WHAT = "a series file has the same line twice"
WHY = """\
Only the first one counts, whatever stands between them. Who moves or changes the second one, to
change the order of hooks, sees that nothing happens."""
INSTEAD = "Remove one of the lines."
FIXES = "Removes the second line."
BAD = """\
== base/series/squashfs
base/prepare.binary
^^^^^^^^^^^^^^^^^^^
base/squashfs.binary
base/prepare.binary
^^^^^^^^^^^^^^^^^^^
== base/prepare.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/squashfs
base/prepare.binary
base/squashfs.binary
== base/prepare.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare the lines of each series file."""
    for series in context.own_series:
        seen: dict[tuple[str, str], Entry] = {}
        for entry in series.entries:
            first = seen.setdefault((entry.kind, context.artifact(entry.name)), entry)
            if first is not entry and not context.is_misread(entry):
                yield _finding(first, entry)


def _finding(first: Entry, second: Entry) -> Diagnostic:
    edit = Edit(span=_line(second.span), replacement="")
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the line '{second.name}' stands here twice"
        if second.kind == "hook"
        else f"the line '{second.kind} {second.name}' stands here twice",
        labels=(Label(span=second.span, text="has no effect"), Label(span=first.span)),
        help="remove one of the two",
        fix=Fix(message="remove the second one", edits=(edit,)),
    )


def _line(span: Span) -> Span:
    """The whole line, with its end."""
    text = span.source.text
    end = text.find("\n", span.end)
    return Span(
        source=span.source,
        start=text.rfind("\n", 0, span.start) + 1,
        end=len(text) if end < 0 else end + 1,
    )
