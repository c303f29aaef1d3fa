"""number-prefix: a binary hook's name suggests an order that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.series import Entry
from livecd_rootfs.source import Span

CODE = "number-prefix"
SEVERITY = Severity.INFO
WHAT = "digits before a binary hook's name suggest an order"
WHY = """\
Binary hooks run in the order of the lines in series files; make-hooks takes the number away and
gives each link its own. Who renumbers such a hook, to move it, changes nothing."""
INSTEAD = "Name the hook without a number, and move its line to change the order."
FIXES = ""
BAD = """\
== base/series/squashfs
base/020-squashfs.binary
     ^^^^
== base/020-squashfs.binary
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
"""
NUMBER = re.compile(r"(?:.*/)?(?P<number>\d+-)[^/]+\.binary")


def check(context: Context) -> Iterator[Diagnostic]:
    """Look at the names of listed hooks."""
    for name, lines in context.listings.items():
        found = NUMBER.fullmatch(name)
        if found and context.hooks[name].is_file:
            yield _finding(lines[0][1], found)


def _finding(entry: Entry, found: re.Match[str]) -> Diagnostic:
    start, end = (entry.span.start + offset for offset in found.span("number"))
    span = Span(source=entry.span.source, start=start, end=end)
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the number of the hook '{entry.name}' has no effect",
        labels=(Label(span=span, text="binary hooks run in the order of their lines"),),
        help="name it without the number",
    )
