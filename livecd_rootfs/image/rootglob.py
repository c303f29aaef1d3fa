"""Patterns for paths of a target root: what they match, never outside of it and never through a link."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.errors import UsageError

_ANY_DEPTH = "**"


def find(root: Path, pattern: str) -> tuple[Path, ...]:
    """The paths of a root that a pattern matches, in order.

    In a part of the pattern ``*``, ``?`` and ``[...]`` match as in a shell, also a
    dot in front; the part ``**`` matches any number of directories, also none. A
    link can be matched, but not what it leads to.

    Args:
        root: the target root.
        pattern: a path in it, with or without a leading slash.

    Raises:
        UsageError: the pattern names nothing, everything, or what is above.
    """
    return tuple(sorted(set(_below(root, _parts(pattern)))))


def link_on_the_way(root: Path, pattern: str) -> str | None:
    """The link of the root that keeps a pattern from matching, as a path inside."""
    place = root
    for part in _parts(pattern)[:-1]:
        place /= part
        if place.is_symlink():
            return f"/{place.relative_to(root)}"
    return None


def _parts(pattern: str) -> list[str]:
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise UsageError(
            f"the pattern '{pattern}' leads upwards", remedy="write a path that begins at the root"
        )
    if not any(part.strip("*") for part in parts):
        raise UsageError(
            f"the pattern '{pattern}' names nothing that could be told from all the rest",
            remedy="write a path with a name in it, such as /usr/share/doc/*",
        )
    return parts


def _below(folder: Path, parts: list[str]) -> Iterator[Path]:
    first, rest = parts[0], parts[1:]
    for entry in _entries(folder):
        is_folder = entry.is_dir(follow_symlinks=False)
        if first == _ANY_DEPTH:
            yield from [Path(entry.path)] if not rest else []
            yield from _below(Path(entry.path), parts) if is_folder else ()
        elif fnmatch.fnmatchcase(entry.name, first):
            yield from [Path(entry.path)] if not rest else []
            yield from _below(Path(entry.path), rest) if is_folder and rest else ()
    if first == _ANY_DEPTH and rest:
        yield from _below(folder, rest)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)
