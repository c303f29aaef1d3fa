"""missing-script: a series file lists a hook that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.resolution import OrderedHook

CODE = "missing-script"
SEVERITY = Severity.ERROR
WHAT = "a series file lists a hook that does not exist"
WHY = """\
The old make-hooks linked it all the same, and the build failed late, at a link that leads nowhere;
or the hook was silently not run. Most often it was deleted or renamed while its line stayed."""
INSTEAD = "Write the hook's path relative to hooks.d, or remove the line."
FIXES = "Writes the near name, when there is exactly one."
BAD = """\
== base/series/squashfs
base/squash.binary
^^^^^^^^^^^^^^^^^^
== base/squashfs.binary
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look for each listed hook on the disk."""
    report = context.report()
    for name, lines in context.listings.items():
        state = context.hooks[name].state
        if state in ("ready", "not executable"):
            continue
        for series, entry in lines:
            if not context.is_misread(entry):
                reach = context.reaches.get(series.name)
                hook = OrderedHook(name=name, origin="series", span=entry.span, reach=reach)
                report.unfit_hook(hook, state)
    yield from report.found
