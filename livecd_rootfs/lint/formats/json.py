"""An array of objects, for programs. Lines and columns count from 1, ends are exclusive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix
from livecd_rootfs.lint.formats import places
from livecd_rootfs.lint.formats.places import clean


def render(findings: Sequence[Diagnostic]) -> str:
    """The findings, as an array."""
    return json.dumps([record(one) for one in findings], ensure_ascii=False, indent=2) + "\n"


def record(found: Diagnostic) -> dict[str, Any]:
    """One finding: its keys are stable."""
    place = places.of(found.labels[0].span) if found.labels else None
    return {
        "rule": found.code,
        "severity": found.severity.value,
        "path": place and place.path,
        "line": place and place.line,
        "column": place and place.column,
        "end": place and {"line": place.end_line, "column": place.end_column},
        "message": clean(found.message),
        "notes": [clean(note) for note in found.notes],
        "help": found.help and clean(found.help),
        "fix": found.fix and _fix(found.fix),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "message": clean(fix.message),
        "safe": fix.is_safe,
        "edits": [_edit(edit) for edit in fix.edits],
        "executable": [clean(path) for path in fix.executable],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    place = places.of(edit.span)
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end": {"line": place.end_line, "column": place.end_column},
        "replacement": clean(edit.replacement),
    }
