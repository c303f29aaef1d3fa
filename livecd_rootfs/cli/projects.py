"""The project of the working directory for commands; ``summary`` and ``launchpad-metadata``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livecd_rootfs.cli.options import BuildTargets, Given, Tree, with_settings

if TYPE_CHECKING:
    from livecd_rootfs.diagnostics import Diagnostic
    from livecd_rootfs.project import Project

PROGRAM = "livecd-rootfs"


@with_settings
def summary(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET...]", help="Of a build of these. [default: image]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    tree: Tree = None,
    *,
    settings: Given,
) -> None:
    """Show every setting, its value and its origin.

    What mkosi.conf, its drop-ins, the environment and the command line leave
    open is decided as a build of the targets would.

    \b
    Examples:
      livecd-rootfs summary
      livecd-rootfs summary --set Packages=vim --json
    """
    from livecd_rootfs.views import settingslist

    project = project_of(tree, settings, [targets or ["image"]])
    if targets:
        project.resolve(targets)  # refuses one that there is not
    found = project.settings
    sys.stdout.write(settingslist.data(found) if json else settingslist.text(found))


def given(**options: str | None) -> Given:
    """Options of settings, as a command has them that knows few."""
    return Given(options=options)


def project_of(
    tree: Path | None,
    words: Given,
    builds: Sequence[Sequence[str]] = (),
) -> Project:
    """The project of the working directory; warnings about its settings go to stderr.

    What its settings leave open depends on the builds, each a list of target words. What
    several of them would be warned of is told once.
    """
    from livecd_rootfs import deciding, pipelines, project, settings

    loaded, warnings = settings.load(words.options, os.environ, Path.cwd(), words.assignments)
    for warning in warnings:
        sys.stderr.write(f"{PROGRAM}: warning: {warning}\n")
    found = project.find_tree(tree, Path.cwd())
    pipeline = pipelines.asked(found, builds)
    decided = deciding.decide(loaded, pipeline=pipeline)
    return project.Project(tree=found, settings=decided, warn=cache(_warn), strict=True)


def _warn(diagnostic: Diagnostic) -> None:
    from livecd_rootfs.diagnostics import full

    sys.stderr.write(full.render(diagnostic, program=PROGRAM))


@with_settings
def launchpad_metadata(targets: BuildTargets, tree: Tree = None, *, settings: Given) -> None:
    """Print Launchpad's parallel builds, as JSON.

    Each word is a build, a comma list one of several targets; --arch may be a
    list, too. Refused is what would have two of them publish one name.

    \b
    Examples:
      livecd-rootfs launchpad-metadata squashfs qcow2 --arch amd64,arm64
      livecd-rootfs launchpad-metadata squashfs,qcow2 --subproject minimized
    """
    from livecd_rootfs.commands import launchpad as command

    sys.stdout.write(command.show(project_of(tree, settings), targets))
