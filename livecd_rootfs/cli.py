"""The command line: parse, call, print. Nothing else in the package prints or exits.

What a command needs is imported when it runs, so that ``--help`` and shell
completion answer at once.
"""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn

import click
import typer

from livecd_rootfs import __version__
from livecd_rootfs.errors import EXIT_INTERRUPTED, LivecdError, render

PROGRAM = "livecd-rootfs"

app = typer.Typer(
    name=PROGRAM,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="""Build cloud images from hooks.

    A series file (hooks.d/base/series/NAME) describes an image target: which
    hooks make it, which other series it depends on, which artifacts it provides.

    \b
    First steps:
      livecd-rootfs plan qcow2            what would run, and why
      livecd-rootfs build qcow2           build it into ./out
      livecd-rootfs boot out/*.img        boot it, until its login prompt
    """,
)


class PlanForm(str, Enum):
    """Forms of a plan."""

    text = "text"
    json = "json"
    dot = "dot"
    mermaid = "mermaid"


class ToolsMode(str, Enum):
    """Where tools come from."""

    auto = "auto"
    host = "host"
    root = "root"


class ProgressForm(str, Enum):
    """Forms of progress."""

    auto = "auto"
    terminal = "terminal"
    plain = "plain"
    json = "json"


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
Cache = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", help="Where roots, tools and logs are kept."),
]
_SETTINGS = "Settings (also in the environment and in mkosi.conf)"


def _setting(flag: str, metavar: str, help: str) -> typer.models.OptionInfo:  # noqa: A002
    option: typer.models.OptionInfo = typer.Option(
        flag, metavar=metavar, help=help, show_default=False
    )
    return option


Suite = Annotated[
    str | None, _setting("--suite", "NAME", "Release, such as trixie or noble. [default: trixie]")
]
Distribution = Annotated[
    str | None, _setting("--distribution", "NAME", "debian or ubuntu. [default: follows --suite]")
]
Arch = Annotated[
    str | None, _setting("--arch", "NAME", "Architecture. [default: this machine's]")
]
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
Epoch = Annotated[
    str | None,
    _setting("--source-date-epoch", "SECONDS", "Time of all files. [default: the archive's date]"),
]


@app.command(
    "make-hooks",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def make_hooks(context: typer.Context) -> None:
    """Write numbered links to the hooks of targets (the old make-hooks).

    Takes the arguments of hooks.d/make-hooks; see `livecd-rootfs make-hooks --help`.
    """
    from livecd_rootfs import makehooks

    raise typer.Exit(makehooks.main(context.args))


@app.command()
def plan(
    targets: Targets,
    form: Annotated[PlanForm, typer.Option("--format", help="How to show it.")] = PlanForm.text,
    tree: Tree = None,
    base: BaseOption = None,
    tools: ToolsOption = ToolsMode.auto,
    suite: Suite = None,
    distribution: Distribution = None,
    arch: Arch = None,
    project: ProjectName = None,
    subproject: Subproject = None,
    subarch: Subarch = None,
) -> None:
    """Show what a build of TARGETs would run, in which order, and why.

    Every line says which line of which series file brought it in. An artifact
    of a target that was only depended on is marked as dropped by the pruner,
    so that builds that run in parallel never publish each other's files.
    """
    from livecd_rootfs.commands import plan as command

    options = _given(
        suite=suite,
        distribution=distribution,
        arch=arch,
        project=project,
        subproject=subproject,
        subarch=subarch,
    )
    print(command.show(_project(tree, options), targets, base, tools.value, form.value), end="")


@app.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="HOOK|ARTIFACT|SERIES", help="What to explain.")],
    targets: Targets,
    tree: Tree = None,
    suite: Suite = None,
    project: ProjectName = None,
    subarch: Subarch = None,
) -> None:
    """Say why a hook runs, who makes an artifact, why it will be pruned.

    \b
    Examples:
      livecd-rootfs explain disk-image.binary qcow2
      livecd-rootfs explain livecd.debian-cpc.manifest qcow2
    """
    from livecd_rootfs.commands import plan as command

    options = _given(suite=suite, project=project, subarch=subarch)
    print(command.explain(_project(tree, options), name, targets), end="")


@app.command()
def build(
    targets: Targets,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where artifacts go.")
    ] = Path("out"),
    base: BaseOption = None,
    tools: ToolsOption = ToolsMode.auto,
    progress: Annotated[
        ProgressForm, typer.Option("--progress", help="How progress is shown.")
    ] = ProgressForm.auto,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the build directory, to look at it.")
    ] = False,
    tree: Tree = None,
    cache: Cache = None,
    suite: Suite = None,
    distribution: Distribution = None,
    arch: Arch = None,
    mirror: Mirror = None,
    components: Components = None,
    packages: Packages = None,
    kernel_flavour: KernelFlavour = None,
    project: ProjectName = None,
    subproject: Subproject = None,
    subarch: Subarch = None,
    image_size: ImageSize = None,
    source_date_epoch: Epoch = None,
) -> None:
    """Build TARGETs and put their artifacts, with SHA256SUMS, into the output directory.

    Needs no loop devices, and no root where user namespaces are allowed. Each
    step runs in namespaces of its own: whatever happens, nothing stays mounted
    or running, and the output directory gets everything or nothing.

    \b
    Examples:
      livecd-rootfs build qcow2
      livecd-rootfs build squashfs,qcow2 --suite bookworm --packages vim,curl
      livecd-rootfs build squashfs --base vendor-root.tar.xz -o images
    """
    _become_root()
    from livecd_rootfs import progress as progresses
    from livecd_rootfs.build import base as bases
    from livecd_rootfs.commands import build as command
    from livecd_rootfs.settings import cache_directory
    from livecd_rootfs.tools import Mode

    options = _given(
        suite=suite,
        distribution=distribution,
        arch=arch,
        mirror=mirror,
        components=components,
        packages=packages,
        kernel_flavour=kernel_flavour,
        project=project,
        subproject=subproject,
        subarch=subarch,
        image_size=image_size,
        source_date_epoch=source_date_epoch,
    )
    request = command.Request(
        project=_project(tree, options),
        targets=targets,
        base=bases.parse(base),
        tools=Mode(tools.value),
        output=output,
        cache=cache_directory(cache, os.environ),
        keep=keep,
        environ=os.environ,
    )
    with progresses.showing(progresses.Form(progress.value), sys.stdout) as listen:
        command.build(request, listen)


@app.command()
def prune(
    arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Remove implicit artifacts from a build directory, as the last hook does."""
    from livecd_rootfs import pruner

    raise typer.Exit(pruner.main(arguments or []))


@app.command()
def tools(cache: Cache = None) -> None:
    """Make the tools root: current image tools and qemu, for hosts that lack them.

    A build makes it by itself when it needs it; this is for doing it beforehand.
    """
    _become_root()
    from livecd_rootfs.commands import tools as command
    from livecd_rootfs.settings import cache_directory

    print(command.make(cache_directory(cache, os.environ), os.environ))


@app.command()
def version() -> None:
    """Print the version."""
    print(f"{PROGRAM} {__version__}")


def _given(**options: str | None) -> dict[str, str | None]:
    return options


def _project(tree: Path | None, options: dict[str, str | None]) -> "Project":
    """The project of the working directory; warnings about its settings go to stderr."""
    from livecd_rootfs import project, settings

    loaded, warnings = settings.load(options, os.environ, Path.cwd())
    for warning in warnings:
        print(f"{PROGRAM}: warning: {warning}", file=sys.stderr)
    found = project.find_tree(tree, Path.cwd())
    return project.Project(tree=found, settings=project.decide(loaded))


def _become_root() -> None:
    from livecd_rootfs.signals import raise_on_signals
    from livecd_rootfs.userns import become_root

    become_root(os.environ, sys.argv[1:])
    raise_on_signals()


def main() -> NoReturn:
    """Run the command line; every failure that a user can cause ends here."""
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except LivecdError as error:
        _show(error)
        status = error.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; that is its right (`... | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status or 0)


def _show(error: LivecdError) -> None:
    from livecd_rootfs import project
    from livecd_rootfs.diagnostics import full

    if isinstance(error, project.Findings):
        for diagnostic in error.diagnostics:
            sys.stderr.write(full.render(diagnostic, program=PROGRAM))
    else:
        sys.stderr.write(render(error, PROGRAM))
