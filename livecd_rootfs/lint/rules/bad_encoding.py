"""bad-encoding: a series file is not UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.text import Text

CODE = "bad-encoding"
SEVERITY = Severity.ERROR
WHAT = "a series file is not UTF-8 text"
WHY = """\
Then make-hooks stops at it, so no target that needs the series can be built. The old one ended in a
traceback that named no file."""
INSTEAD = "Save the file as UTF-8."
FIXES = ""
BAD = """\
== base/series/squashfs
# Kompression f\udcfcr LXD
               ^
base/squashfs.binary
== base/squashfs.binary
"""
GOOD = BAD.replace("\udcfc", "ü").replace("               ^\n", "")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Bytes that are no UTF-8, as `Text` has them, and what text does not hold.
WRONG = re.compile("[\udc80-\udcff\0]")


def check(context: Context) -> Iterator[Diagnostic]:
    """Look for bytes that could not be decoded."""
    for series in context.own_series:
        text = context.tree.text(series.source.path)
        found = WRONG.search(text.source.text)
        if found:
            yield _finding(text, found.start())


def _finding(text: Text, start: int) -> Diagnostic:
    byte = text.source.text[start].encode("utf-8", "surrogateescape")
    wide = text.data.startswith(UTF_16)
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message="the series file is not UTF-8 text",
        labels=(Label(span=text.span(start, start + 1), text=f"the byte 0x{byte.hex()}"),),
        notes=("it looks like UTF-16",) if wide else (),
        help="save the file as UTF-8",
    )
