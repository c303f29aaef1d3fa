"""shared-provides: two targets claim to make one artifact."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.series import Entry, Series

CODE = "shared-provides"
SEVERITY = Severity.ERROR
WHAT = "two targets provide an artifact of the same name"
WHY = """\
Builders run in parallel, each for some targets, and publish to one place. Each keeps what its own
targets provide, so two of them keep the same name, and one overwrites what the other has made."""
INSTEAD = """\
Give each target's artifact a name of its own, such as ${PREFIX}.img.manifest; or let only the
target that makes it provide it, and the other depend on that one."""
FIXES = ""
BAD = """\
== base/series/disk
base/disk.binary
provides ${PREFIX}.manifest
         ^^^^^^^^^^^^^^^^^^
== base/series/squashfs
base/squashfs.binary
provides livecd.ubuntu-cpc.manifest
         ^^^^^^^^^^^^^^^^^^^^^^^^^^
== base/disk.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/disk
base/disk.binary
provides ${PREFIX}.manifest
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs.manifest
== base/disk.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Collect who provides what."""
    providers: dict[str, dict[str, tuple[Series, Entry]]] = {}
    for series, entry in context.entries("provides"):
        lines = providers.setdefault(context.artifact(entry.name), {})
        lines.setdefault(series.name, (series, entry))
    for artifact, lines in providers.items():
        # Of a tree that is laid over another one, the lines of that one come first.
        first, *others = sorted(lines.values(), key=lambda one: _is_own(context, one))
        yield from (_finding(artifact, first, other) for other in others)


def _is_own(context: Context, line: tuple[Series, Entry]) -> bool:
    return context.tree.is_own(line[0].source.path)


def _finding(artifact: str, first: tuple[Series, Entry], other: tuple[Series, Entry]) -> Diagnostic:
    names = f"'{first[0].name}' and '{other[0].name}'"
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the targets {names} both provide {artifact}",
        labels=(
            Label(span=other[1].span, text="builders of the two overwrite each other's"),
            Label(span=first[1].span),
        ),
        help="give one of them another name",
    )
