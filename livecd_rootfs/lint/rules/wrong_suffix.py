"""wrong-suffix: a hook whose name says no phase."""

from __future__ import annotations

import os
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.tree import HOOK_SUFFIXES
from livecd_rootfs.series import Entry

CODE = "wrong-suffix"
SEVERITY = Severity.ERROR
WHAT = "a listed hook ends in none of .chroot_early, .chroot and .binary"
WHY = """\
The suffix is all by which live-build finds a hook, and says in which phase it runs. One with
another suffix is linked, and never run, without a word."""
INSTEAD = "Rename the file: `.binary` runs in the build directory, `.chroot` in the target root."
FIXES = ""
BAD = """\
== base/series/squashfs
base/squashfs.sh
             ^^^
== base/squashfs.sh
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look at the names of hooks that exist."""
    for name, lines in context.listings.items():
        if not name.endswith(HOOK_SUFFIXES) and context.hooks[name].is_file:
            for _, entry in lines:
                yield _finding(entry)


def _finding(entry: Entry) -> Diagnostic:
    suffix = os.path.splitext(entry.name)[1]
    start = entry.span.end - len(suffix) if suffix else entry.span.start
    span = type(entry.span)(source=entry.span.source, start=start, end=entry.span.end)
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the hook '{entry.name}' is never run",
        labels=(Label(span=span, text="no phase has this suffix"),),
        help=did_you_mean(near(suffix, HOOK_SUFFIXES))
        or f"the suffixes are {', '.join(HOOK_SUFFIXES)}",
    )
