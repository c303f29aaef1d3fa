"""missing-series: a ``depends`` line names no series file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "missing-series"
SEVERITY = Severity.ERROR
WHAT = "a `depends` line names a series file that does not exist"
WHY = """\
A build of the target, and of every target that depends on it, fails before it begins. A release
was once shipped whose target `all` could not be built, since nobody had tried."""
INSTEAD = "Name a file in base/series or extra/series, or remove the line."
FIXES = "Writes the near name, when there is exactly one."
BAD = """\
== base/series/root-dir
base/root-dir.binary
== base/series/squashfs
depends root-dri
        ^^^^^^^^
base/squashfs.binary
== base/root-dir.binary
== base/squashfs.binary
"""
GOOD = """\
== base/series/root-dir
base/root-dir.binary
== base/series/squashfs
depends root-dir
base/squashfs.binary
== base/root-dir.binary
== base/squashfs.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look up each name behind ``depends``."""
    report = context.report()
    for series, entry in context.entries("depends"):
        if entry.name not in context.series and not context.is_misread(entry):
            report.unknown_series(entry.name, entry.span, context.reaches.get(series.name))
    for found in report.found:
        there = context.tree.no_file(found.labels[0].span.text)
        yield replace(found, notes=(*found.notes, f"{there} is no file")) if there else found
