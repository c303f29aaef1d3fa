"""SARIF 2.1.0, which code hosts and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from livecd_rootfs import __version__
from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.lint.formats import places
from livecd_rootfs.lint.formats.places import Place, clean
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import RULES

VERSION = "2.1.0"
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
INDEX = {rule.CODE: number for number, rule in enumerate(RULES)}


def render(findings: Sequence[Diagnostic]) -> str:
    """The findings, as a log of one run."""
    driver = {
        "name": "series-lint",
        "version": __version__,
        "rules": [_rule(rule) for rule in RULES],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found) for found in findings],
    }
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.CODE,
        "shortDescription": {"text": f"{rule.WHAT}."},
        "fullDescription": {"text": rule.WHY},
        "help": {"text": rule.INSTEAD},
        "defaultConfiguration": {"level": LEVELS[rule.SEVERITY]},
    }


def _result(found: Diagnostic) -> dict[str, Any]:
    told = ". ".join(text for text in (found.message, *found.notes, found.help) if text)
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": INDEX[found.code],
        "level": LEVELS[found.severity],
        "message": {"text": clean(told)},
        "locations": [_location(label) for label in found.labels[:1]],
    }
    if others := found.labels[1:]:
        result["relatedLocations"] = [_location(label) for label in others]
    if found.fix and found.fix.edits:
        result["fixes"] = [_fix(found.fix)]
    return result


def _location(label: Label) -> dict[str, Any]:
    place = places.of(label.span)
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.path)}}
    if label.span.source.text:
        physical["region"] = _region(place)
    location: dict[str, Any] = {"physicalLocation": physical}
    if label.text:
        location["message"] = {"text": clean(label.text)}
    return location


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    paths = dict.fromkeys(edit.span.source.path for edit in fix.edits)
    return {
        "description": {"text": clean(fix.message)},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(path)},
                "replacements": [
                    _replacement(edit) for edit in fix.edits if edit.span.source.path == path
                ],
            }
            for path in paths
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {
        "deletedRegion": _region(places.of(edit.span)),
        "insertedContent": {"text": clean(edit.replacement)},
    }


def _uri(path: str) -> str:
    """A path as the reference that SARIF wants: relative ones stay relative."""
    data = path.encode("utf-8", "surrogateescape")
    return f"file://{quote(data)}" if path.startswith("/") else quote(data)
