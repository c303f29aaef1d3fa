"""A line for each finding: ``file:line:column: code message``, as editors and grep like it."""

from __future__ import annotations

from collections.abc import Sequence

from livecd_rootfs.diagnostics import Diagnostic
from livecd_rootfs.diagnostics.full import printable


def render(findings: Sequence[Diagnostic]) -> str:
    """The findings, one a line."""
    return "".join(f"{_place(one)}{one.code} {printable(one.message)}\n" for one in findings)


def _place(found: Diagnostic) -> str:
    return f"{printable(found.labels[0].span.place)}: " if found.labels else ""
