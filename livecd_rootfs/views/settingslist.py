"""All settings of a build with where each came from, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from livecd_rootfs.settings import LISTS, SECTIONS, TABLE, Kind, Setting, Settings

UNSEEN = "set, and not shown"
NOTHING = "-"
_SECRETS = frozenset({Kind.HASH, Kind.PRIVATE})
_WIDEST = 40


def text(settings: Settings) -> str:
    """A section after the other, a line for each setting; items of lists below each other."""
    width = max(len(row.option) for row in TABLE)
    parts = []
    for section, rows in _sections():
        lines = [line for row in rows for line in _lines(row, settings, width)]
        parts.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(parts) + "\n"


def _lines(row: Setting, settings: Settings, width: int) -> Iterator[str]:
    items = _items(row, settings) or (NOTHING,)
    origin = settings.origin(row.name)
    yield f"{row.option:<{width}}  {items[0]:<{_WIDEST}}  {origin}".rstrip()
    yield from (f"{'':<{width}}  {item}" for item in items[1:])


def _items(row: Setting, settings: Settings) -> tuple[str, ...]:
    found = settings.text(row.name)
    if not found:
        return ()
    if row.kind in _SECRETS:
        return (UNSEEN,)
    return settings.words(row.name) if row.kind in LISTS else (found,)


def data(settings: Settings) -> str:
    """The same as JSON: sections, in them options, each with its value and where it is from."""
    found = {
        section: {row.option: _entry(row, settings) for row in rows}
        for section, rows in _sections()
    }
    return json.dumps(found, indent=2) + "\n"


def _entry(row: Setting, settings: Settings) -> Mapping[str, object]:
    items = _items(row, settings)
    value: object = list(items) if row.kind in LISTS else "".join(items)
    if row.kind is Kind.BOOL and value in {"yes", "no"}:
        value = value == "yes"
    return {"value": value, "origin": settings.origin(row.name)}


def _sections() -> Iterator[tuple[str, list[Setting]]]:
    for section in SECTIONS:
        rows = [row for row in TABLE if row.section == section]
        if rows:
            yield section, rows
