"""aggregate-drift: a target that the aggregate of all targets does not reach."""

from __future__ import annotations

import os
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.series import Series
from livecd_rootfs.source import Span

CODE = "aggregate-drift"
SEVERITY = Severity.WARNING
WHAT = "a target is missing from `all`"
WHY = """\
A build that names no target makes `all`. A new target that was not added there is built by nobody
until someone misses it, a release later."""
INSTEAD = "Add `depends NAME` to `all`, or to an aggregate that `all` depends on, such as `base`."
FIXES = ""
BAD = """\
== base/series/all
depends squashfs
        ^^^^^^^^
== base/series/disk
base/disk.binary
^^^^^^^^^^^^^^^^
== base/series/squashfs
base/squashfs.binary
== base/disk.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/all
depends squashfs
depends disk
== base/series/disk
base/disk.binary
== base/series/squashfs
base/squashfs.binary
== base/disk.binary
== base/squashfs.binary
"""
# The first of these that there is has to reach every target.
AGGREGATES = ("all", "base")


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what the aggregate reaches with what there is."""
    aggregate = next((context.series[name] for name in AGGREGATES if name in context.series), None)
    if aggregate is None or context.is_incomplete(aggregate.name):
        return
    reached = context.below(aggregate.name)
    for series in context.own_series:
        if series.name not in reached and _belongs(series, aggregate):
            yield _finding(series, aggregate)


def _belongs(series: Series, aggregate: Series) -> bool:
    """Whether the aggregate could name it: a public one does not know the private targets."""
    makes_something = any(entry.kind != "depends" for entry in series.entries)
    return makes_something and _folder(aggregate) in (_folder(series), "extra")


def _folder(series: Series) -> str:
    """``base`` or ``extra``."""
    return os.path.basename(os.path.dirname(os.path.dirname(series.source.path)))


def _finding(series: Series, aggregate: Series) -> Diagnostic:
    last = [entry.span for entry in aggregate.entries if entry.kind == "depends"][-1:]
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the target '{series.name}' is missing from '{aggregate.name}'",
        labels=(
            Label(span=series.entries[0].span),
            *(_after(span, series.name) for span in last),
        ),
        help=f"add 'depends {series.name}', or allow it here if it is left out on purpose",
    )


def _after(span: Span, name: str) -> Label:
    return Label(span=span, text=f"'{name}' is not among these")
