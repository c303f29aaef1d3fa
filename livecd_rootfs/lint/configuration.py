"""The settings of a tree: the table ``[tool.series-lint]`` of a ``pyproject.toml`` above it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from livecd_rootfs.diagnostics import Severity
from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import UsageError
from livecd_rootfs.lint.context import NamedBuild
from livecd_rootfs.lint.text import Text
from livecd_rootfs.source import Span

FILE = "pyproject.toml"
TABLE = "series-lint"
LISTS = ("select", "ignore", "builds")
TEXTS = ("tree", "base", "project", "fail-on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What is set for a tree; paths are relative to the working directory.

    Attributes:
        tree: the ``hooks.d`` to check when none is named.
        base: the ``hooks.d`` over which the tree is laid.
        project: what ``PROJECT`` is in its builds.
        select: the rules to run; all when there are none.
        ignore: the rules not to run.
        fail_on: the least severity that fails a run.
        builds: lists of targets that someone builds together.
    """

    tree: str | None = None
    base: str | None = None
    project: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Severity = Severity.WARNING
    builds: tuple[NamedBuild, ...] = ()


def find(folder: str) -> Configuration:
    """The settings of the nearest ``pyproject.toml`` that has some, from a folder upwards.

    Raises:
        UsageError: see `read`.
    """
    here = os.path.abspath(folder)
    while True:
        path = os.path.join(here, FILE)
        if os.path.isfile(path):
            found = _table(_text(_shown(path)))
            if found is not None:
                return read(_shown(path))
        above = os.path.dirname(here)
        if above == here:
            return Configuration()
        here = above


def read(path: str) -> Configuration:
    """The settings in a file.

    Raises:
        UsageError: it can't be read, is no TOML, has no table of ours, or there is a key
            or a value in it that can't be understood.
    """
    text = _text(path)
    table = _table(text)
    if table is None:
        raise UsageError(f"{path} has no table [tool.{TABLE}]")
    for key, value in table.items():
        _check(text, key, value)
    folder = os.path.dirname(path)

    def inside(key: str) -> str | None:
        return os.path.join(folder, table[key]) if key in table else None

    return Configuration(
        tree=inside("tree"),
        base=inside("base"),
        project=table.get("project"),
        select=tuple(table.get("select", ())),
        ignore=tuple(table.get("ignore", ())),
        fail_on=severity(table.get("fail-on", "warning"), _place(text, "fail-on")),
        builds=tuple(_build(text, targets) for targets in table.get("builds", ())),
    )


def severity(name: str, place: str) -> Severity:
    """The severity of a name.

    Raises:
        UsageError: there is none of this name; ``place`` says where it was found.
    """
    names = [one.value for one in Severity]
    if name not in names:
        raise UsageError(f"no severity is called '{name}'", place=place, remedy=" or ".join(names))
    return Severity(name)


def _shown(path: str) -> str:
    """A path as messages show it: relative, where it lies below the working directory."""
    return path.removeprefix(os.getcwd().rstrip("/") + "/")


def _text(path: str) -> Text:
    try:
        with open(path, "rb") as file:
            return Text(path, file.read())
    except OSError as error:
        raise UsageError(f"{path} can't be read", why=error.strerror) from None


def _table(text: Text) -> Mapping[str, Any] | None:
    try:
        found = tomllib.loads(text.source.text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{text.path} can't be understood", why=str(error)) from None
    tool = found.get("tool")
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _check(text: Text, key: str, value: object) -> None:
    shapes: dict[str, tuple[str, Callable[[object], bool]]] = {
        **dict.fromkeys(TEXTS, ("a text", lambda one: isinstance(one, str))),
        **dict.fromkeys(LISTS, ("a list of texts", _is_list_of_texts)),
    }
    if key not in shapes:
        raise UsageError(
            f"[tool.{TABLE}] has no key '{key}'",
            place=_place(text, key),
            remedy=did_you_mean(near(key, shapes)) or f"the keys are {', '.join(shapes)}",
        )
    wanted, is_right = shapes[key]
    if not is_right(value):
        raise UsageError(f"'{key}' in [tool.{TABLE}] is not {wanted}", place=_place(text, key))


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _build(text: Text, targets: str) -> NamedBuild:
    return NamedBuild(targets=targets, span=_span(text, targets))


def _span(text: Text, words: str) -> Span:
    """Where something stands in our table, as near as a search can tell."""
    table = max(text.source.text.find(f"[tool.{TABLE}]"), 0)
    quoted = (text.source.text.find(f"{quote}{words}{quote}", table) + 1 for quote in "\"'")
    start = max(quoted) or max(text.source.text.find(words, table), 0)
    return text.span(start, start + len(words))


def _place(text: Text, key: str) -> str:
    return _span(text, key).place
