"""not-executable: a hook can't be run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.resolution import OrderedHook

CODE = "not-executable"
SEVERITY = Severity.ERROR
WHAT = "a hook has no run bit"
WHY = """\
Else live-build sets the bit through the link that make-hooks made, so it changes the source tree in the
middle of a build: the tree is no longer what was committed, and read-only ones fail."""
INSTEAD = "Make the file executable, and commit that (`git update-index --chmod=+x`)."
FIXES = "Makes the file executable."
BAD = """\
== base/series/squashfs
base/squashfs.binary
^^^^^^^^^^^^^^^^^^^^
== base/squashfs.binary (not executable)
#!/bin/sh
== chroot/010-locale.chroot (not executable)
#!/bin/sh
^^^^^^^^^
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
#!/bin/sh
== chroot/010-locale.chroot
#!/bin/sh
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look at the modes of the hooks that are run."""
    report = context.report()
    for hook in context.used_hooks:
        if hook.state == "not executable":
            report.unfit_hook(_ordered(hook, context), hook.state)
    yield from (replace(found, severity=SEVERITY) for found in report.found)


def _ordered(hook: Hook, context: Context) -> OrderedHook:
    """The hook where it is listed first, or else at the top of its own file."""
    lines = context.listings.get(hook.name)
    if not lines:
        return OrderedHook(name=hook.name, origin="chroot", span=hook.text.first_line, reach=None)
    series, entry = lines[0]
    reach = context.reaches.get(series.name)
    return OrderedHook(name=hook.name, origin="series", span=entry.span, reach=reach)
