"""inline-comment: a comment behind a name is part of the name."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "inline-comment"
SEVERITY = Severity.ERROR
WHAT = "a comment stands behind a name, whose part it then is"
WHY = """\
The whole rest of a line is one name. A hook of such a name does not exist, so the old make-hooks
made a link that leads nowhere, and the target was built without the hook."""
INSTEAD = "Give the comment a line of its own, above."
FIXES = "Moves the comment to a line of its own."
BAD = """\
== base/series/squashfs
base/squashfs.binary # for LXD
                     ^^^^^^^^^
== base/squashfs.binary
"""
GOOD = """\
== base/series/squashfs
# for LXD
base/squashfs.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Take the lines that were read so."""
    yield from context.misread_as(CODE, SEVERITY)
