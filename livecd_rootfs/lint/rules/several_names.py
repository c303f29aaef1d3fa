"""several-names: a line with several names, which is read as one."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "several-names"
SEVERITY = Severity.ERROR
WHAT = "a line has several names, which are read as one"
WHY = """\
`depends a b` depends on the series called `a b`, blank included. A build fails at it; a `provides`
line of that kind made the pruner delete both artifacts."""
INSTEAD = "Write one line for each name."
FIXES = "Writes one line for each name, when all of them exist."
BAD = """\
== base/series/disk
base/disk.binary
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs ${PREFIX}.manifest
                            ^^^^^^^^^^^^^^^^^^
== base/series/base
depends squashfs disk
                 ^^^^
== base/disk.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/disk
base/disk.binary
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs
provides ${PREFIX}.manifest
== base/series/base
depends squashfs
depends disk
== base/disk.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Take the lines that were read so."""
    yield from context.misread_as(CODE, SEVERITY)
