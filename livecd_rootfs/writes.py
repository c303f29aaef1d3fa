"""What each hook of a build wrote: the record that a report carries, for series-lint to compare.

It is a JSON object, from hooks to lists of names in the build directory, in the attribute
``data-writes`` of the page's body. Of the target root, and of an overlay that a hook left, there
is the name of the directory alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html.parser import HTMLParser

from livecd_rootfs.errors import LivecdError

ATTRIBUTE = "data-writes"
Writes = Mapping[str, tuple[str, ...]]


def encoded(writes: Writes) -> str:
    """The record as text."""
    return json.dumps({hook: list(names) for hook, names in sorted(writes.items())})


def read(page: str, place: str) -> Writes:
    """The record in a page.

    Args:
        page: the report of a build.
        place: its name, as it is shown.

    Raises:
        LivecdError: there is none in it.
    """
    finder = _Finder()
    finder.feed(page)
    try:
        found = json.loads(finder.found)
        return {str(hook): tuple(map(str, names)) for hook, names in found.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise LivecdError(
            f"{place} has no record of what hooks wrote",
            why="it is no report of a build, or of an older version",
            remedy="make one: livecd-rootfs build TARGET --report FILE",
        ) from error


class _Finder(HTMLParser):
    """Looks for the attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.found = ""

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = dict(attrs).get(ATTRIBUTE) or self.found
