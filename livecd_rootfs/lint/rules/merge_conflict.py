"""merge-conflict: the marks of a merge that nobody finished."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "merge-conflict"
SEVERITY = Severity.ERROR
WHAT = "the marks of a merge that nobody finished stand in a series file"
WHY = """\
`<<<<<<< HEAD` is no comment: it names a hook, and the lines of both sides count."""
INSTEAD = "Take one side, or both, and remove the marks."
FIXES = ""
BAD = """\
== base/series/squashfs
<<<<<<< HEAD
^^^^^^^
base/squashfs.binary
=======
^^^^^^^
base/squashfs.binary
provides ${PREFIX}.squashfs
>>>>>>> topic
^^^^^^^
== base/squashfs.binary
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Take the lines that were read so."""
    yield from context.misread_as(CODE, SEVERITY)
