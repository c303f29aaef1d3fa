"""The options that commands share: their types, their words in ``--help``, and completion.

What completion needs is imported when it runs, so that the shell gets its answer at once.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from livecd_rootfs.errors import LivecdError


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


class FirmwareName(StrEnum):
    """What starts a guest."""

    bios = "bios"
    uefi = "uefi"
    secure = "uefi-secure"


class Goal(StrEnum):
    """How far a boot must come."""

    login = "login"
    ssh = "ssh"
    cloud_init = "cloud-init"


class AcceleratorName(StrEnum):
    """What runs a guest's instructions."""

    auto = "auto"
    kvm = "kvm"
    tcg = "tcg"


def _complete_target(incomplete: str) -> list[str]:
    """Image targets for the shell; the last one of a comma list is completed."""
    from livecd_rootfs.hooktree import HookTree
    from livecd_rootfs.project import find_tree

    done, comma, last = incomplete.rpartition(",")
    try:
        names = HookTree(str(find_tree(None, Path.cwd()))).series_names()
    except LivecdError:
        return []
    return [f"{done}{comma}{name}" for name in names if name.startswith(last)]


Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="TARGET...",
        help="Image targets; a comma list counts as several.",
        autocompletion=_complete_target,
    ),
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
    typer.Option("--jobs", "-j", metavar="N", help="Steps at a time. [default: the cores]"),
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


def _setting(flag: str, metavar: str, meaning: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        flag, metavar=metavar, help=meaning, show_default=False
    )
    return option


Suite = Annotated[
    str | None, _setting("--suite", "NAME", "Release, such as trixie or noble. [default: trixie]")
]
Distribution = Annotated[
    str | None, _setting("--distribution", "NAME", "debian or ubuntu. [default: follows --suite]")
]
Arch = Annotated[str | None, _setting("--arch", "NAME", "Architecture. [default: this machine's]")]
Mirror = Annotated[
    str | None, _setting("--mirror", "URL", "Archive. [default: the distribution's public one]")
]
Components = Annotated[
    str | None, _setting("--components", "LIST", "Archive components. [default: main or more]")
]
Packages = Annotated[
    str | None,
    _setting("--packages", "LIST", "More packages, with commas; !name leaves one out."),
]
KernelFlavour = Annotated[
    str | None, _setting("--kernel-flavour", "NAME", "cloud or generic. [default: cloud]")
]
ProjectName = Annotated[
    str | None,
    _setting("--project", "NAME", "Artifacts are livecd.NAME.*. [default: debian-cpc, ubuntu-cpc]"),
]
Subproject = Annotated[str | None, _setting("--subproject", "NAME", "A variant, for hooks.")]
Subarch = Annotated[
    str | None, _setting("--subarch", "NAME", "A variant of the architecture; part of names.")
]
ImageSize = Annotated[
    str | None, _setting("--image-size", "SIZE", "Of the disk, such as 3G. [default: as needed]")
]
Compression = Annotated[
    str | None,
    _setting("--compression", "NAME", "fast, balanced or small. [default: balanced]"),
]
Epoch = Annotated[
    str | None,
    _setting("--source-date-epoch", "SECONDS", "Time of all files. [default: the archive's date]"),
]
