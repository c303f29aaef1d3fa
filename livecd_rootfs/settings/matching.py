"""The conditions of a drop-in: its section [Match] (mkosi(1), "[Match] Section")."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import distributions
from livecd_rootfs.ini import Entry
from livecd_rootfs.places import host_architecture
from livecd_rootfs.settings import checks
from livecd_rootfs.settings.table import BY_OPTION, ROWS
from livecd_rootfs.settings.value import Value

PATH_EXISTS = "PathExists"
VERSION = "ImageVersion"
_COMPARISON = re.compile(r"(==|!=|<=|>=|<|>)(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What conditions are held against.

    Attributes:
        directory: the project's.
        fixed: texts that no file can change, by the table's names.
        values: what files have said so far.
    """

    directory: Path
    fixed: Mapping[str, str]
    values: Mapping[str, Value]

    def text(self, name: str) -> str:
        """What a setting is as far as it is known."""
        text = self.fixed.get(name) or (self.values[name].text if name in self.values else "")
        return text or ROWS[name].default or self._follows(name)

    def _follows(self, name: str) -> str:
        if name == "arch":
            return host_architecture()
        known = {suite.name: suite.distribution.name for suite in distributions.SUITES}
        return known.get(self.text("suite"), "") if name == "distribution" else ""


def met(conditions: Sequence[Entry], facts: Facts) -> tuple[tuple[Entry, ...], bool]:
    """The conditions that nobody knows, and whether all hold, and one of those with a pipe."""
    unknown = tuple(each for each in conditions if not _known(each.key))
    rest = [each for each in conditions if not each.value.startswith("|")]
    triggers = [each for each in conditions if each.value.startswith("|")]
    fine = all(_holds(each, facts) for each in rest)
    return unknown, fine and (not triggers or any(_holds(each, facts) for each in triggers))


def _known(key: str) -> bool:
    return key == PATH_EXISTS or key in BY_OPTION


def _holds(entry: Entry, facts: Facts) -> bool:
    """One line: one of its words holds, or with ``!`` before them none."""
    text = entry.value.removeprefix("|").strip()
    wanted = not text.startswith("!") or text.startswith("!=")
    words = (text if wanted else text[1:]).replace(",", " ").split()
    if not _known(entry.key):
        return False
    test = _test(entry.key, facts)
    return any(test(word) for word in words) is wanted


def _test(key: str, facts: Facts) -> Callable[[str], bool]:
    if key == PATH_EXISTS:
        return lambda word: (facts.directory / word).exists()
    row = BY_OPTION[key]
    text = facts.text(row.name)
    if key == VERSION:
        return lambda word: _version_fits(text, word)
    return lambda word: fnmatch.fnmatchcase(text, checks.canonical(row, word))


def _version_fits(version: str, word: str) -> bool:
    found = _COMPARISON.fullmatch(word)
    if found is None:
        return fnmatch.fnmatchcase(version, word)
    mine, other = _ordered(version), _ordered(found.group(2))
    return {
        "==": mine == other,
        "!=": mine != other,
        "<": mine < other,
        "<=": mine <= other,
        ">": mine > other,
        ">=": mine >= other,
    }[found.group(1)]


def _ordered(version: str) -> list[tuple[int, str]]:
    """Numbers as numbers, and words below them."""
    parts = re.findall(r"\d+|[a-z]+", version.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
