"""prefix-mismatch: a name of an artifact has the name of another project in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.source import Span

CODE = "prefix-mismatch"
SEVERITY = Severity.WARNING
WHAT = "an artifact's name is written out, with another project than that of the tree"
WHY = """\
Only files of the project's own prefix are kept and gathered: a line that was copied from another
project names a file that nobody publishes."""
INSTEAD = "Write `${PREFIX}`, which is `livecd.$PROJECT[-$SUBARCH]` in series files and in hooks."
FIXES = ""
BAD = """\
== extra/series/vhd
extra/vhd.binary
provides livecd.ubuntu-cpc.vhd
provides livecd.ubuntu-cpc.vhd.manifest
provides livecd.ubuntu-core.vhd.sbom
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""
GOOD = """\
== extra/series/vhd
extra/vhd.binary
provides livecd.ubuntu-cpc.vhd
provides ${PREFIX}.vhd.manifest
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare the projects in all names that are written out."""
    found = tuple(_literals(context))
    own = context.project or _usual(found)
    for project, span in found if own else ():
        if project != own and not project.startswith(f"{own}-"):
            yield _finding(project, span, own)


def _usual(found: tuple[tuple[str, Span], ...]) -> str:
    """The project that most names have; none if there is no such."""
    counts = Counter(project for project, _ in found).most_common(2)
    if not counts or (len(counts) > 1 and counts[0][1] == counts[1][1]):
        return ""
    return counts[0][0]


def _literals(context: Context) -> Iterator[tuple[str, Span]]:
    for _, entry in context.entries("provides"):
        project = names.project(entry.name)
        if project:
            yield project, entry.span
    for hook in context.listings:
        if context.hooks[hook].is_file and hook.endswith(".binary"):
            seen = {touch.start: touch for touch in context.effects(hook).touches}
            for touch in seen.values():
                project = names.project(touch.name)
                if project:
                    yield project, touch.span


def _finding(project: str, span: Span, own: str) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"a name begins with livecd.{project}, and this is a tree of {own}",
        labels=(Label(span=span, text="nobody publishes this"),),
        help="write ${PREFIX} instead of the project's name",
    )
