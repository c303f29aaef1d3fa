"""A name in the build directory, as far as a hook's text tells it; ``*`` stands for the rest.

Some parts have a name of their own instead of a value: ``${PREFIX}``, and what it is made
of, ``${PROJECT}`` and ``${SUBARCH}``; ``${FLAVOUR}``, the kernel's; ``${PWD}``, the build
directory; ``${HOOK}`` and ``${HOOKDIR}``, the hook's own file and the folder that it lies in.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache

UNKNOWN = "*"
PREFIX = "${PREFIX}"
FLAVOUR = "${FLAVOUR}"
HOOK = "${HOOK}"
HOOK_FOLDER = "${HOOKDIR}"
BUILD = "${PWD}"
# What a build directory is called inside of builds, ours and Launchpad's.
_BUILD_PATHS = (BUILD, "/build")
_PARTS = re.compile(r"livecd\.\$\{PROJECT\}(?:-\$\{SUBARCH\})?")
# Other variables, in a text that someone else puts values into.
_OTHERS = re.compile(r"\$\{(?!(?:PREFIX|PROJECT|SUBARCH|FLAVOUR|PWD|HOOK|HOOKDIR)\})\w+\}")
# A project's name has no dot: the first one after it begins the artifact's own part.
_LITERAL = re.compile(r"^livecd\.([A-Za-z0-9_+-]+)(?=\.)")
# How many letters of a name, besides prefix and stars, make it one that is meant.
_TELLING = 3
# Stands for a prefix where names are compared; nothing else has such a character.
ANY_PREFIX = "livecd.\0"


@cache
def normal(text: str) -> str:
    """The name relative to the build directory, in its shortest form."""
    text = _OTHERS.sub(UNKNOWN, _PARTS.sub(PREFIX, text))
    for folder in _BUILD_PATHS:
        if text == folder or text.startswith(f"{folder}/"):
            text = text[len(folder) :].lstrip("/") or "."
    return _shortest(text)


def _shortest(text: str) -> str:
    if "*/.." in text:
        return UNKNOWN  # up from a place that nobody knows
    return posixpath.normpath(text) if text else ""


def in_a_build(text: str) -> str:
    """The name as a build may have recorded it, where the kernel's flavour has a value."""
    return normal(text).replace(FLAVOUR, UNKNOWN)


def is_known(text: str) -> bool:
    """Whether it is one name, whole."""
    return UNKNOWN not in text


def is_artifact(text: str) -> bool:
    """Whether it names a file that a builder gathers: ``livecd.*``, beside ``chroot/``."""
    return text.startswith((PREFIX + ".", "livecd.")) and "/" not in text


def tells(text: str) -> bool:
    """Whether it says more than that it is some artifact, as ``livecd.*`` does."""
    return len(re.sub(r"[*.]|livecd|\$\{PREFIX\}", "", text)) >= _TELLING


def project(text: str) -> str | None:
    """The project in ``livecd.PROJECT.x``, where that is written out."""
    found = _LITERAL.match(text)
    return found.group(1) if found else None


@cache
def comparable(text: str) -> str:
    """The name with any prefix, written out or not, as one and the same."""
    return _LITERAL.sub(ANY_PREFIX, normal(text).replace(PREFIX, ANY_PREFIX))


def same(one: str, other: str) -> bool:
    """Whether two names can mean the same file."""
    return _meet(comparable(one), comparable(other))


@cache
def touch(one: str, other: str) -> bool:
    """Whether two names can mean the same file, or one of them a folder around the other."""
    left, right = comparable(one), comparable(other)
    return (
        "." in {left, right}
        or _meet(left, right)
        or _meet(f"{left}/*", right)
        or _meet(left, f"{right}/*")
    )


def covers(outer: str, inner: str) -> bool:
    """Whether the first may be the second, or a folder around it."""
    left, right = comparable(outer), comparable(inner)
    return left == "." or _meet(left, right) or _meet(f"{left}/*", right)


@cache
def _meet(one: str, other: str) -> bool:
    """Whether some text fits both patterns; ``*`` fits any part, slashes too."""
    if UNKNOWN not in one and UNKNOWN not in other:
        return one == other
    if not (_agree(one, other) and _agree(one[::-1], other[::-1])):
        return False
    reached = {(0, 0)}
    waiting = [(0, 0)]
    while waiting:
        left, right = waiting.pop()
        if left == len(one) and right == len(other):
            return True
        for step in _steps(one, other, left, right):
            if step not in reached:
                reached.add(step)
                waiting.append(step)
    return False


def _agree(one: str, other: str) -> bool:
    """Whether two patterns are the same up to the first star in either."""
    left, right = one.partition(UNKNOWN)[0], other.partition(UNKNOWN)[0]
    return left.startswith(right) or right.startswith(left)


def _steps(one: str, other: str, left: int, right: int) -> list[tuple[int, int]]:
    """How far both patterns can be read on: a star may end, or swallow a character."""
    found: list[tuple[int, int]] = []
    here, there = one[left : left + 1], other[right : right + 1]
    if here == UNKNOWN:
        found += [(left + 1, right)] + ([(left, right + 1)] if there else [])
    if there == UNKNOWN:
        found += [(left, right + 1)] + ([(left + 1, right)] if here else [])
    if here and here == there != UNKNOWN:
        found.append((left + 1, right + 1))
    return found


class Names:
    """Many names, to be asked for one.

    Args:
        texts: the names.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        found = set(map(comparable, texts))
        self._patterns = [text for text in found if UNKNOWN in text]
        self._whole = found.difference(self._patterns)

    def has(self, text: str) -> bool:
        """Whether one of them can be the same file."""
        wanted = comparable(text)
        if UNKNOWN in wanted:
            return any(_meet(wanted, one) for one in (*self._whole, *self._patterns))
        return wanted in self._whole or any(_meet(wanted, one) for one in self._patterns)
