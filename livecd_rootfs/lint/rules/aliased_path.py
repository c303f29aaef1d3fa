"""aliased-path: a hook's path is written in a roundabout way."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.series import Entry

CODE = "aliased-path"
SEVERITY = Severity.WARNING
WHAT = "a hook's path has more in it than it needs, such as `./base/x` or `base//x`"
WHY = """\
A hook runs once, at its first mention, and mentions are compared letter by letter. One that is
spelt in two ways runs twice."""
INSTEAD = "Write the path relative to hooks.d, in its shortest form."
FIXES = "Writes the shortest form."
BAD = """\
== base/series/disk
base/prepare.binary
^^^^^^^^^^^^^^^^^^^
base/disk.binary
== base/series/squashfs
./base//prepare.binary
^^^^^^^^^^^^^^^^^^^^^^
base/squashfs.binary
== base/disk.binary
== base/prepare.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/disk
base/prepare.binary
base/disk.binary
== base/series/squashfs
base/prepare.binary
base/squashfs.binary
== base/disk.binary
== base/prepare.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare each path with its shortest form."""
    for name, lines in context.listings.items():
        short = posixpath.normpath(name)
        if short != name and context.hooks[name].is_file:
            elsewhere = context.listings.get(short, ())[:1]
            for _, entry in lines:
                yield _finding(entry, short, [other for _, other in elsewhere])


def _finding(entry: Entry, short: str, elsewhere: list[Entry]) -> Diagnostic:
    edit = Edit(span=entry.span, replacement=short)
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the hook '{short}' is written in a roundabout way",
        labels=(
            Label(span=entry.span, text="runs once for each spelling"),
            *(Label(span=other.span) for other in elsewhere),
        ),
        help=f"write {short}",
        fix=Fix(message=f"write '{short}'", edits=(edit,)),
    )
