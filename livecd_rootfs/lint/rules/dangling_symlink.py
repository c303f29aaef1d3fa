"""dangling-symlink: a link in ``hooks.d`` leads nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.text import Text

CODE = "dangling-symlink"
SEVERITY = Severity.ERROR
WHAT = "a symbolic link anywhere in hooks.d leads nowhere"
WHY = """\
Builders copy the tree, and the copy fails at such a link, before anything is built; it does not
matter whether a hook needs the file."""
INSTEAD = "Bring back what the link leads to, or remove the link."
FIXES = ""
BAD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
== base/templates/box.ovf -> ../../ovf/box.ovf
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
== base/ovf/box.ovf (not executable)
<Envelope/>
== base/templates/box.ovf -> ../ovf/box.ovf
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Follow each link."""
    for path in context.tree.links:
        if not os.path.exists(path):
            target = os.readlink(path)
            yield Diagnostic(
                code=CODE,
                severity=SEVERITY,
                message=f"the symbolic link leads to '{target}', which does not exist",
                labels=(Label(span=Text(path, b"").first_line),),
                help="bring back what it leads to, or remove the link",
            )
