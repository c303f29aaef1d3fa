"""shadowed-series: a file in ``extra`` replaces one in ``base``."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.series import Series, parse

CODE = "shadowed-series"
SEVERITY = Severity.INFO
WHAT = "a series file in extra/series replaces the one of the same name in base/series, whole"
WHY = """\
It is meant to be possible, and easily forgotten: what is added to the file in `base` later never
arrives, and artifacts that only that file provides are pruned."""
INSTEAD = "Give the target another name, and let it depend on the one in `base`."
FIXES = ""
BAD = """\
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs
provides ${PREFIX}.squashfs.manifest
== extra/series/squashfs
base/squashfs.binary
^^^^^^^^^^^^^^^^^^^^
provides ${PREFIX}.squashfs
provides ${PREFIX}.squashfs.sbom
== base/squashfs.binary
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs
== extra/series/squashfs-sbom
depends squashfs
extra/sbom.binary
provides ${PREFIX}.squashfs.sbom
== base/squashfs.binary
== extra/sbom.binary
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Look for series files that are in both folders."""
    for name, path in context.tree.shadowed.items():
        series = context.series[name]
        text = context.tree.text(series.source.path)
        span = series.entries[0].span if series.entries else text.first_line
        yield Diagnostic(
            code=CODE,
            severity=SEVERITY,
            message=f"this series file replaces {path}",
            labels=(Label(span=span),),
            notes=tuple(_differences(series, parse(name, context.tree.text(path).source))),
        )


def _differences(extra: Series, base: Series) -> Iterator[str]:
    provided = [
        [entry.name for entry in series.entries if entry.kind == "provides"]
        for series in (extra, base)
    ]
    added = [name for name in provided[0] if name not in provided[1]]
    lost = [name for name in provided[1] if name not in provided[0]]
    if added:
        yield f"only this one provides {', '.join(added)}"
    if lost:
        yield f"only the replaced one provides {', '.join(lost)}"
    if not added and not lost:
        yield "both provide the same"
