"""missing-script: a series file lists a hook that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.text import Text
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
    yield from _unlisted(context)


def _unlisted(context: Context) -> Iterator[Diagnostic]:
    """The hooks of ``chroot`` need no line; a link that leads nowhere is another rule's."""
    for name in context.tree.chroot_hooks():
        if name not in context.listings and context.tree.hook_state(name) == "not a file":
            hook = OrderedHook(name=name, origin="chroot", span=None, reach=None)
            report = context.report()
            report.unfit_hook(hook, "not a file")
            place = Label(span=Text(context.tree.path(name), b"").first_line)
            yield from (replace(one, labels=(place,)) for one in report.found)
