"""The options that commands share: their types, their words in ``--help``, and completion.

What completion needs is imported when it runs, so that the shell gets its answer at once.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.settings import BY_OPTION, FLAGS, TABLE, Kind, Setting


class PlanForm(StrEnum):
    """Forms of a plan."""

    text = "text"
    json = "json"
    dot = "dot"
    mermaid = "mermaid"


class ToolsMode(StrEnum):
    """Where tools come from."""

    auto = "auto"
    host = "host"
    root = "root"


class ProgressForm(StrEnum):
    """Forms of progress."""

    auto = "auto"
    terminal = "terminal"
    plain = "plain"
    json = "json"


def _complete_target(incomplete: str) -> list[str]:
    """Image targets for the shell; the last one of a comma list is completed."""
    done, comma, last = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in target_names() if name.startswith(last)]


def target_names() -> tuple[str, ...]:
    """The image targets that there are here; none where no hooks.d can be read."""
    from livecd_rootfs.hooktree import HookTree
    from livecd_rootfs.project import find_tree

    try:
        return HookTree(str(find_tree(None, Path.cwd()))).series_names()
    except LivecdError:
        return ()


def _targets(text: str) -> typer.models.ArgumentInfo:
    argument: typer.models.ArgumentInfo = typer.Argument(
        metavar="TARGET...", help=text, autocompletion=_complete_target
    )
    return argument


Targets = Annotated[list[str], _targets("Image targets; a comma list counts as several.")]
BuildTargets = Annotated[
    list[str],
    _targets("Image targets. A comma list is one build of several, each further word another."),
]
Tree = Annotated[
    Path | None,
    typer.Option(
        "--tree",
        metavar="DIR",
        help="Read this hooks.d. [default: ./hooks.d, else the shipped one]",
    ),
]
BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="DIR|TAR|none",
        help="Begin with this root instead of a bootstrap; none is an empty one.",
    ),
]
ToolsOption = Annotated[
    ToolsMode,
    typer.Option(
        "--tools",
        help="auto: the host's tools where they suffice, else a cached root of current ones; "
        "root: always that root, so that results don't depend on the host; host: never.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", min=1, help="Steps at a time. [default: the cores]"),
]
Cache = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", help="Where roots, tools and logs are kept."),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE.html", help="Tell the whole run on a page, also when it fails."
    ),
]


# What stands for the value in ``--help``.
_METAVARS: Mapping[Kind | str, str] = {
    Kind.ARGUMENTS: "ARGUMENTS",
    Kind.WORDS: "LIST",
    Kind.BYTES: "SIZE",
    Kind.SECONDS: "SECONDS",
    Kind.FILE: "FILE",
    Kind.HASH: "HASH",
    "mirror": "URL",
    "serial_console": "PORT",
    "sign_key": "KEY",
}


def _setting(row: Setting) -> typer.models.OptionInfo:
    """The option of a setting, as its row of the table says."""
    default = f" [default: {row.default}]" if row.default else ""
    option: typer.models.OptionInfo = typer.Option(
        f"--{row.name.replace('_', '-')}",
        metavar="|".join(row.choices) or _METAVARS.get(row.name) or _METAVARS.get(row.kind, "NAME"),
        help=f"{row.help}{default}",
        show_default=False,
    )
    return option


_OPTIONS = {row.name: _setting(row) for row in FLAGS}
Arch = Annotated[str | None, _OPTIONS["arch"]]
ProjectName = Annotated[str | None, _OPTIONS["project"]]
Subarch = Annotated[str | None, _OPTIONS["subarch"]]

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a command line says of settings.

    Attributes:
        options: those of the options of their own, by the table's names; ``None`` where one
            was left out.
        assignments: each ``--set``.
    """

    options: Mapping[str, str | None]
    assignments: tuple[str, ...] = ()


def _complete_assignment(incomplete: str) -> list[str]:
    """Names of options for the shell, and behind one the values that it can have."""
    option, equals, text = incomplete.partition("=")
    if not equals:
        return [f"{row.option}=" for row in TABLE if row.option.startswith(option)]
    choices = BY_OPTION[option].choices if option in BY_OPTION else ()
    return [f"{option}={choice}" for choice in choices if choice.startswith(text)]


_Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="Option=Value",
        help="Set any option of mkosi.conf, as its last line would; `summary` lists them all.",
        autocompletion=_complete_assignment,
    ),
]


def with_settings(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of settings, and ``--set``.

    Args:
        command: takes all that was given as ``settings``.
    """
    plain = inspect.signature(command, eval_str=True)
    own = [each for each in plain.parameters.values() if each.name != "settings"]
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, option],
        )
        for name, option in _OPTIONS.items()
    ]
    options.append(
        inspect.Parameter(
            "assignments",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_Assignments,
        )
    )

    @functools.wraps(command)
    def wrapped(**words: Any) -> R:
        given = Given(
            options={name: words.pop(name) for name in _OPTIONS},
            assignments=tuple(words.pop("assignments") or ()),
        )
        return command(settings=given, **words)

    wrapped.__dict__["__signature__"] = plain.replace(parameters=[*own, *options])
    return wrapped
