"""unneeded-depends: a series depends on another one, of which its hooks use nothing."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.series import Entry, Series

CODE = "unneeded-depends"
SEVERITY = Severity.WARNING
WHAT = "a series depends on another one, of which its hooks use nothing"
WHY = """\
A build of the target makes all that the other one makes: an hour of disk image for a tarball."""
INSTEAD = """\
Remove the line, or depend on the series whose files the hooks do read. A hook that uses them in a
way that can't be seen in its text can say so: `# hook: reads=rootfs.dir`."""
FIXES = ""
SHOWN = 4
BAD = """\
== extra/series/disk
extra/disk.binary
== extra/series/tarball
depends disk
        ^^^^
extra/tarball.binary
provides ${PREFIX}.tar.gz
== extra/disk.binary
#!/bin/sh -e
mke2fs -d chroot binary/boot/disk.ext4 2G
== extra/tarball.binary
#!/bin/sh -e
tar -C chroot -czf "$PREFIX.tar.gz" .
"""
GOOD = """\
== extra/series/disk
extra/disk.binary
== extra/series/image
depends disk
extra/image.binary
provides ${PREFIX}.img
== extra/disk.binary
#!/bin/sh -e
mke2fs -d chroot binary/boot/disk.ext4 2G
== extra/image.binary
#!/bin/sh -e
qemu-img convert -O qcow2 binary/boot/disk.ext4 "$PREFIX.img"
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """See for each ``depends`` whether anything goes from there to the series."""
    for series in context.own_series:
        if not context.flow.listed([series.name]):
            continue  # it has no hooks of its own: an aggregate
        for entry in series.entries:
            if entry.kind == "depends" and series.name not in context.below(entry.name):
                made = _made(context, entry.name)
                if made and not _is_used(context, series, entry.name, made):
                    yield _finding(context, series, entry, made)


def _made(context: Context, name: str) -> tuple[str, ...]:
    return context.flow.made_by(context.flow.listed(sorted(context.below(name))))


def _is_used(context: Context, series: Series, other: str, made: tuple[str, ...]) -> bool:
    flow = context.flow
    own = flow.listed([series.name])
    if set(own) <= set(flow.listed(context.below(other))):
        return True  # they run there, too
    provided = {entry.name for entry in series.entries if entry.kind == "provides"}
    # Mostly the series' own hooks settle it, and all others need not be looked at.
    return _meets(provided.union(flow.touched_by(own)), made) or _meets(
        set(flow.touched_by(flow.listed(_users(context, series.name, other)))), made
    )


def _meets(used: set[str], made: tuple[str, ...]) -> bool:
    return not used.isdisjoint(made) or any(names.touch(one, n) for n in used for one in made)


def _users(context: Context, series: str, name: str) -> list[str]:
    """The series that get at the other one's files by this line alone, and run after it."""
    found = {series}
    for one in context.series:
        below = context.below(one)
        if one not in context.below(name) and series in below:
            direct = {e.name for e in context.series[one].entries if e.kind == "depends"}
            others = (other for other in direct if series not in context.below(other))
            if not any(name in context.below(other) for other in others):
                found.add(one)
    found |= {one for one in context.below(series) if name not in context.below(one)}
    return sorted(found - context.below(name))


def _finding(context: Context, series: Series, entry: Entry, made: tuple[str, ...]) -> Diagnostic:
    hooks = ", ".join(context.flow.listed([series.name])[:SHOWN])
    files = ", ".join(made[:SHOWN]) + (" and more" if len(made) > SHOWN else "")
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"series '{series.name}' uses nothing that comes from '{entry.name}'",
        labels=(Label(span=entry.span, text=f"makes {files}"),),
        notes=(f"none of it is read by {hooks}",),
        help="remove the line; or say in the hook's header what it reads: `# hook: reads=...`",
    )
