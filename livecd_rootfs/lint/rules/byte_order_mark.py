"""byte-order-mark: a file begins with a mark that no one sees."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.text import Text
from livecd_rootfs.misread import BYTE_ORDER_MARK

CODE = "byte-order-mark"
SEVERITY = Severity.ERROR
WHAT = "a series file or a hook begins with a byte order mark"
WHY = """\
Editors of Windows write the three bytes, and show nothing. The first line of a series file, even a
comment, then names a hook that does not exist; the kernel does not see the `#!` of a hook."""
INSTEAD = "Save the file as UTF-8 without a byte order mark."
FIXES = "Removes the mark."
BAD = """\
== base/series/squashfs
\ufeff# squashfs: the root as one file.
^
base/squashfs.binary
== base/squashfs.binary
"""
GOOD = BAD.replace("\ufeff", "").replace("^\n", "")


def check(context: Context) -> Iterator[Diagnostic]:
    """Look at the first bytes of series files and hooks."""
    for series in context.own_series:
        yield from _check(context.tree.text(series.source.path), "the first line is read as a hook")
    for hook in context.used_hooks:
        yield from _check(hook.text, "the kernel looks for '#!' in this place")


def _check(text: Text, why: str) -> Iterator[Diagnostic]:
    if not text.data.startswith(BYTE_ORDER_MARK.encode()):
        return
    span = text.span(0, 1)
    yield Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message="the file begins with a byte order mark",
        labels=(Label(span=span, text=why),),
        help="save it without",
        fix=Fix(message="remove it", edits=(Edit(span=span, replacement=""),)),
    )
