"""A configuration file in the manner of systemd's (systemd.syntax(7)): sections, keys, places.

Unlike ``configparser`` it remembers where every value stands, which messages
need. A value goes on over indented lines; a key may be given several times. A
comment is a line that begins with ``#`` or ``;``, or what stands behind `` #``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from livecd_rootfs.errors import UsageError

_COMMENT = re.compile(r"(?<=\s)#.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ``Key=Value``; line and columns (of the key, of the value) count from 1."""

    section: str
    key: str
    value: str
    line: int
    column: int
    value_column: int = 1


def parse(text: str, name: str) -> tuple[Entry, ...]:
    """All entries of a text, in order.

    Args:
        text: the file's content.
        name: its path, for messages.

    Raises:
        UsageError: a line is neither a section, a key, nor a comment; or a key
            stands before any section.
    """
    entries: list[Entry] = []
    section = ""
    for number, whole in enumerate(text.splitlines(), start=1):
        raw = _COMMENT.sub("", whole)
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if raw[0].isspace() and entries:
            entries[-1] = _continued(entries[-1], line)
        elif line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        else:
            entries.append(_entry(section, raw, number, name))
    return tuple(entries)


def _continued(entry: Entry, more: str) -> Entry:
    return replace(entry, value=f"{entry.value}\n{more}".strip())


def _entry(section: str, raw: str, number: int, name: str) -> Entry:
    key, equals, value = raw.partition("=")
    column = len(raw) - len(raw.lstrip()) + 1
    place = f"{name}:{number}:{column}"
    if not equals:
        raise UsageError(
            f"'{raw.strip()}' is not a setting", place=place, remedy="write Key=Value, or [Section]"
        )
    if not section:
        raise UsageError(
            f"the setting '{key.strip()}' stands before any section",
            place=place,
            remedy="put a line such as [Distribution] before it",
        )
    return Entry(
        section=section,
        key=key.strip(),
        value=value.strip(),
        line=number,
        column=column,
        value_column=len(raw) - len(value.lstrip()) + 1,
    )
