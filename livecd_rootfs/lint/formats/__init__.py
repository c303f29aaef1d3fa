"""The forms in which findings are shown; each is a module, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from livecd_rootfs.diagnostics import Diagnostic

FORMATS = ("full", "concise", "json", "sarif", "github")


def render(
    name: str, findings: Sequence[Diagnostic], paint: Callable[[str, str], str] | None = None
) -> str:
    """The findings in the form of this name.

    Args:
        name: one of ``FORMATS``.
        findings: in the order in which they are shown.
        paint: gives parts of the full and the concise form a colour.
    """
    match name:
        case "concise":
            from livecd_rootfs.lint.formats import concise

            return concise.render(findings)
        case "json":
            from livecd_rootfs.lint.formats import json

            return json.render(findings)
        case "sarif":
            from livecd_rootfs.lint.formats import sarif

            return sarif.render(findings)
        case "github":
            from livecd_rootfs.lint.formats import github

            return github.render(findings)
        case _:
            from livecd_rootfs.diagnostics import full

            return "".join(f"{full.render(one, paint=paint or full.plain)}\n" for one in findings)
