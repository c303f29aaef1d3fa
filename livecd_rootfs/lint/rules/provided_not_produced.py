"""provided-not-produced: a series provides an artifact that none of its hooks makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
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
        for entry in context.flow.unmade(series):
            yield _finding(entry, series, _unclaimed(context, series))


def _unclaimed(context: Context, series: Series) -> list[str]:
    """The artifacts that its hooks make, and no series provides that runs with it."""
    below = context.below(series.name)
    provided = names.Names(
        line.name for one, line in context.entries("provides") if one.name in below
    )
    made = context.flow.made_for(series.name)
    known = (name for name in made if names.is_artifact(name) and names.is_known(name))
    return sorted(name for name in known if not provided.has(name))


def _near(name: str, artifacts: Iterable[str]) -> tuple[str, ...]:
    """Those that are like it; the prefix, which all of them have, does not count."""
    own = {names.comparable(one).removeprefix(names.ANY_PREFIX): one for one in artifacts}
    wanted = names.comparable(name).removeprefix(names.ANY_PREFIX)
    return tuple(own[one] for one in near(wanted, own))


def _finding(entry: Entry, series: Series, artifacts: Sequence[str]) -> Diagnostic:
    alike = _near(entry.name, artifacts)
    fix = None
    if len(alike) == 1:
        edit = Edit(span=entry.span, replacement=alike[0])
        fix = Fix(message=f"replace by '{alike[0]}'", edits=(edit,))
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"nothing that series '{series.name}' runs makes {entry.name}",
        labels=(Label(span=entry.span, text="no hook writes a file of this name"),),
        notes=(f"its hooks make {', '.join(artifacts)}, which no series provides",)
        if artifacts
        else (),
        help=did_you_mean(alike),
        fix=fix,
    )
