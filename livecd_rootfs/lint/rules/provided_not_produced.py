"""provided-not-produced: a series provides an artifact that none of its hooks makes."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.lint import flow
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Kind
from livecd_rootfs.series import Entry, Series

CODE = "provided-not-produced"
SEVERITY = Severity.ERROR
WHAT = "a series provides an artifact that none of its hooks makes"
WHY = """\
The build goes well, and then a publisher waits for a file that never comes; or the pruner deletes
what was made under another name."""
INSTEAD = "Write the name that the hook gives the file, or remove the line."
FIXES = "Writes the near name, when there is exactly one."
BAD = """\
== extra/series/vhd
extra/vhd.binary
provides ${PREFIX}.vdh
         ^^^^^^^^^^^^^
== extra/vhd.binary
#!/bin/sh -e
qemu-img convert -O vpc binary/boot/disk.ext4 "$PREFIX.vhd"
"""
GOOD = """\
== extra/series/vhd
extra/vhd.binary
provides ${PREFIX}.vhd
== extra/vhd.binary
#!/bin/sh -e
qemu-img convert -O vpc binary/boot/disk.ext4 "$PREFIX.vhd"
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look for each provided name among all that the series' hooks may write."""
    for series in context.own_series:
        below = context.below(series.name)
        entries = [entry for entry in series.entries if entry.kind == "provides"]
        if not entries or not all(map(context.series.get, below)):
            continue
        hooks = flow.listed(context, sorted(below))
        made = {t.name for t in flow.made_by(context, hooks) if t.kind is not Kind.REMOVE}
        if _is_whole(context, sorted(below)):
            for entry in entries:
                known = flow.by_live_build(entry.name) or names.same(entry.name, ".")
                if not known and not any(names.same(entry.name, name) for name in made):
                    yield _finding(entry, series, made)


def _is_whole(context: Context, series: list[str]) -> bool:
    """Whether every hook that they list is there to be read."""
    return all(
        context.hooks[entry.name].is_file
        for name in series
        for entry in context.series[name].entries
        if entry.kind == "hook"
    )


def _finding(entry: Entry, series: Series, made: set[str]) -> Diagnostic:
    artifacts = sorted(name for name in made if names.is_artifact(name) and names.is_known(name))
    provided = {other.name for other in series.entries if other.kind == "provides"}
    alike = near(entry.name, (name for name in artifacts if name not in provided))
    fix = None
    if len(alike) == 1:
        edit = Edit(span=entry.span, replacement=alike[0])
        fix = Fix(message=f"replace by '{alike[0]}'", edits=(edit,))
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"nothing that series '{series.name}' runs makes {entry.name}",
        labels=(Label(span=entry.span, text="no hook writes a file of this name"),),
        notes=(f"its hooks make {', '.join(artifacts)}",) if artifacts else (),
        help=did_you_mean(alike),
        fix=fix,
    )
