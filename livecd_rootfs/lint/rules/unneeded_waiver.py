"""unneeded-waiver: a comment allows what does not happen."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Fix, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.source import Span

CODE = "unneeded-waiver"
SEVERITY = Severity.WARNING
WHAT = "a `# lint: allow` comment allows a finding that is not there"
WHY = """\
The fault was mended, or the comment stands at the wrong line. Left in place, it would one day hide
a new fault from everyone."""
INSTEAD = """\
Remove the name from the comment, or put the comment on the line before the one that it speaks of."""
FIXES = "Removes the name; where it is of no rule, but near to one, writes that one."
BAD = """\
== base/series/squashfs
# lint: allow missing-script
              ^^^^^^^^^^^^^^
base/squashfs.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/squashfs
# lint: allow missing-script -- brought along by the builder
base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:  # noqa: ARG001 (only the engine knows)
    """Nothing can be told before all other rules have run: see ``lint.engine``."""
    return iter(())


def finding(
    span: Span, why: str, *, remedy: str | None = None, fix: Fix | None = None
) -> Diagnostic:
    """What the engine says of a name in a waiver."""
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the waiver of '{span.text}' is not needed",
        labels=(Label(span=span, text=why),),
        help=remedy or "remove it",
        fix=fix,
    )
