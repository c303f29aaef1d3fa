"""The values of settings, which know where they came from."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from livecd_rootfs.settings.row import PROJECT_FILES, Kind, Setting
from livecd_rootfs.settings.table import ROWS

# Where a step sees the files of the project: below it VARIABLE/0, VARIABLE/1 ...
FILES = "/livecd/files"
BUILD_DIRECTORY = "/livecd/builddir"
_SEPARATORS = {Kind.WORDS: r"[,\s]+", Kind.LINES: r"\n+", Kind.TREES: r"\s*[,\n]\s*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The text of a setting and where it stands.

    Attributes:
        text: as the program reads it: words apart by blanks, lines by line feeds.
        origin: where it was set.
        place: the same for messages, to the column, where it is in a file.
    """

    text: str
    origin: str
    place: str = ""

    @property
    def where(self) -> str:
        """Where it stands, as exactly as it is known."""
        return self.place or self.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """A file or a folder of the project, which a step sees.

    Attributes:
        place: below ``FILES``: ``VARIABLE/0``.
        path: where it is.
        target: where it belongs in the root; empty is where the setting says.
        without: paths in the folder that no script sees, and no key holds.
    """

    place: str
    path: Path
    target: str = ""
    without: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The target as it stands behind the file's name."""
        return f":{self.target}" if self.target else ""

    @property
    def line(self) -> str:
        """How a hook is told of it."""
        return f"{FILES}/{self.place}{self.suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one build, by the table's names.

    Attributes:
        values: the values.
        directory: the project's, from where its files are named.
        pipeline: whether the image pipeline makes the image, from little more than nothing.
    """

    values: Mapping[str, Value]
    directory: Path = Path()
    pipeline: bool = False

    def text(self, name: str) -> str:
        """The setting's text, empty when nobody set it."""
        return self.values[name].text

    def origin(self, name: str) -> str:
        """Where it was set."""
        return self.values[name].origin

    def is_set(self, name: str) -> bool:
        """Whether somebody set it, also to nothing."""
        return self.values[name].origin != DEFAULT

    def yes(self, name: str) -> bool:
        """A setting of the kind yes or no."""
        return self.text(name) == "yes"

    def words(self, name: str) -> tuple[str, ...]:
        """A list setting, by its items."""
        return split(ROWS[name], self.text(name))

    def replaced(self, name: str, text: str, origin: str) -> Settings:
        """The same settings with one decided."""
        value = Value(text=text, origin=origin)
        return replace(self, values={**self.values, name: value})

    def files(self, name: str) -> tuple[ProjectFile, ...]:
        """The files of the project that a setting names."""
        row = ROWS[name]
        items = self.words(name) if row.kind is Kind.TREES else (self.text(name),)
        return tuple(
            self._file(f"{row.variable}/{number}", item)
            for number, item in enumerate(item for item in items if item)
        )

    def _file(self, place: str, item: str) -> ProjectFile:
        source, _, target = item.partition(":")
        path = (self.directory / Path(source).expanduser()).absolute()
        return ProjectFile(place=place, path=path, target=target)

    def for_hooks(self, name: str) -> str:
        """What a hook's variable holds: project files by the places where it sees them."""
        row = ROWS[name]
        if row.kind in PROJECT_FILES:
            return "\n".join(file.line for file in self.files(name))
        if row.kind is Kind.FILE:
            return str((self.directory / self.text(name)).absolute()) if self.text(name) else ""
        if row.kind is Kind.PLACE:
            return BUILD_DIRECTORY if self.text(name) else ""
        return self.text(name)

    def outside(self, name: str) -> str:
        """The same for a hook in no sandbox of ours: files and folders by their own places."""
        row = ROWS[name]
        if row.kind in PROJECT_FILES:
            return "\n".join(f"{file.path}{file.suffix}" for file in self.files(name))
        if row.kind is Kind.PLACE and self.text(name):
            return str((self.directory / self.text(name)).absolute())
        return self.for_hooks(name)


DEFAULT = "default"


def split(row: Setting, text: str) -> tuple[str, ...]:
    """The items of a list's text."""
    separator = _SEPARATORS.get(row.kind)
    found = re.split(separator, text.strip()) if separator else (text,)
    return tuple(item.strip() for item in found if item.strip())


def written(row: Setting, text: str) -> tuple[str, ...]:
    """The items of a list as a user writes it.

    Raises:
        ValueError: a quotation mark has no other.
    """
    if row.kind is Kind.ARGUMENTS:
        return tuple(text.split())
    if row.apart == " ":
        return tuple(shlex.split(text))
    return split(row, text.replace(row.apart, "\n") if row.apart else text)


def added(row: Setting, earlier: str, more: str) -> str:
    """A list that is given once more: it grows; nothing begins it anew.

    ``!NAME`` takes away what was there, and may be a pattern; ``!*`` all of it
    (mkosi(1), "Configuration Settings").

    Raises:
        ValueError: it can't be read.
    """
    before = earlier.split() if row.kind is Kind.ARGUMENTS else split(row, earlier)
    items = list(before) if more else []
    for item in written(row, more):
        if row.kind is Kind.TREES and item in items:
            continue  # a default file that is named as well
        if row.change or not item.startswith("!"):
            items.append(item)
        else:
            items = [each for each in items if not fnmatch.fnmatchcase(each, item[1:])]
    return (" " if row.kind in {Kind.WORDS, Kind.ARGUMENTS} else "\n").join(items)
