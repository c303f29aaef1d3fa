"""dependency-cycle: series files depend on each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "dependency-cycle"
SEVERITY = Severity.ERROR
WHAT = "series files depend on each other in a cycle"
WHY = """\
There is no order in which each hook runs after what it needs. The old make-hooks cut the circle
silently, at a place that depended on which target was named, so that hooks ran too early."""
INSTEAD = """\
Remove one of the lines. Where two targets need the same hooks, move those into a series file of
their own that both depend on."""
FIXES = ""
BAD = """\
== base/series/disk
depends kernel
        ^^^^^^
base/disk.binary
== base/series/kernel
depends disk
        ^^^^
base/kernel.binary
== base/disk.binary
== base/kernel.binary
"""
GOOD = """\
== base/series/disk
depends kernel
base/disk.binary
== base/series/kernel
base/kernel.binary
== base/disk.binary
== base/kernel.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Take from the resolver the cycles that it met."""
    yield from (found for found in context.whole.diagnostics if found.code == CODE)
