"""keyword-typo: a word that was meant as ``depends`` or ``provides``."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "keyword-typo"
SEVERITY = Severity.ERROR
WHAT = "a line begins with a word that was meant as `depends` or `provides`"
WHY = """\
The keywords are `depends` and `provides`, in small letters, with white space behind them. Every
other line is the name of a hook, so `Depends x` or `depends: x` is a hook that does not exist."""
INSTEAD = "Write `depends NAME` or `provides FILE`."
FIXES = "Writes the keyword, when a name stands behind it."
BAD = """\
== base/series/root-dir
base/root-dir.binary
== base/series/squashfs
Depends root-dir
^^^^^^^
provides: ${PREFIX}.squashfs
^^^^^^^^^
depends = root-dir
        ^^
depends
^^^^^^^
provide ${PREFIX}.manifest
^^^^^^^
base/squashfs.binary
== base/root-dir.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/root-dir
base/root-dir.binary
== base/series/squashfs
depends root-dir
provides ${PREFIX}.squashfs
base/squashfs.binary
== base/root-dir.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Take the lines that were read so."""
    yield from context.misread_as(CODE, SEVERITY)
