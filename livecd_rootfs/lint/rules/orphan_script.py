"""orphan-script: a hook that no series file lists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity, near
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook

CODE = "orphan-script"
SEVERITY = Severity.WARNING
WHAT = "a hook that no series file lists"
WHY = """\
It is never run: dead code, which people go on mending, or a hook that someone forgot to list in
the series file that needs it."""
INSTEAD = "List it in a series file, or delete it."
FIXES = ""
BAD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
== base/vagrant.binary
#!/bin/sh
^^^^^^^^^
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
#!/bin/sh
sh "$(dirname "$(readlink -f "$0")")/pack.binary"
== base/pack.binary
"""
SCRIPT_NAME = re.compile(r"[\w.+-]+\.(?:binary|chroot_early|chroot)\b")


def check(context: Context) -> Iterator[Diagnostic]:
    """Look for hooks that are neither listed nor named by another file."""
    unused = [hook for hook in context.unused_hooks if context.tree.is_own(hook.path)]
    if not unused or any(e.name not in context.series for _, e in context.entries("depends")):
        return  # nothing to tell; or a series file is missing that may have listed them
    meant = set(_meant(context, [hook.name for hook in unused]))
    linked = {os.path.realpath(path) for path in context.tree.links}
    called = set(_called(context))
    for hook in unused:
        is_linked = os.path.realpath(hook.path) in linked
        if not is_linked and hook.name not in meant and os.path.basename(hook.name) not in called:
            yield _finding(hook)


def _meant(context: Context, names: list[str]) -> Iterator[str]:
    """The hooks that a line may have meant that names none: another rule tells of it."""
    for name in context.listings:
        if not context.hooks[name].is_file:
            yield from near(name, names)
            yield from (word for word in name.split() if word in names)


def _called(context: Context) -> Iterator[str]:
    """The names of scripts that stand in other files of the tree."""
    for name in context.tree.hook_names():
        text = context.tree.support_text(name)
        own = os.path.basename(name)
        yield from (found for found in SCRIPT_NAME.findall(text) if found != own)


def _finding(hook: Hook) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"no series file lists the hook '{hook.name}'",
        labels=(Label(span=hook.text.first_line),),
        help="list it in a series file, or delete it",
    )
