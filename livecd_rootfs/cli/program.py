"""The commands, and what becomes of their failures.

What a command needs is imported when it runs, so that ``--help`` and shell
completion answer at once.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from livecd_rootfs import __version__, streams
from livecd_rootfs.boot.request import Accelerator, Firmware, Request, Until
from livecd_rootfs.cli import artifacts, caches, projects, verification
from livecd_rootfs.cli.options import (
    Arch,
    BaseOption,
    BuildTargets,
    Cache,
    Given,
    Jobs,
    PlanForm,
    ProgressForm,
    ProjectName,
    Report,
    Subarch,
    Targets,
    ToolsMode,
    ToolsOption,
    Tree,
    with_settings,
)
from livecd_rootfs.errors import EXIT_INTERRUPTED, LivecdError, UsageError

PROGRAM = "livecd-rootfs"

app = typer.Typer(
    name=PROGRAM,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
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


@app.command(
    "make-hooks",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def make_hooks(context: typer.Context) -> None:
    """Write numbered links to the hooks of targets.

    Takes the arguments of hooks.d/make-hooks, the old tool; see `make-hooks --help`.
    """
    from livecd_rootfs import edge, makehooks
    from livecd_rootfs.project import find_tree

    def command() -> edge.Outcome:
        tree = str(find_tree(None, Path.cwd()).absolute())
        return makehooks.run(context.args, tree=tree, environ=os.environ)

    raise typer.Exit(edge.main(makehooks.PROGRAM, command))


@app.command()
@with_settings
def plan(
    targets: Targets,
    form: Annotated[PlanForm, typer.Option("--format", help="How to show it.")] = PlanForm.text,
    tree: Tree = None,
    builds: Annotated[
        bool,
        typer.Option("--builds", help="Look into the cache: what is shared, cached, to run."),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="With --builds: ask no archive.")
    ] = False,
    cache: Cache = None,
    base: BaseOption = None,
    tools: ToolsOption = ToolsMode.auto,
    *,
    settings: Given,
) -> None:
    """Show what a build would run, in which order, and why.

    Every line says which line of which series file brought it in. An artifact
    of a target that was only depended on is marked as dropped by the pruner,
    so that builds that run in parallel never publish each other's files.
    """
    from livecd_rootfs.commands import plan as command

    groups = [[word] for word in targets] if builds else [targets]
    from livecd_rootfs.settings import cache_directory

    kept = cache_directory(cache, os.environ)
    found = projects.project_of(tree, settings, groups)
    if builds:
        _become_root()
        place = command.Place(
            base=base,
            tools=tools.value,
            cache=kept,
            offline=offline,
            environ=os.environ,
        )
        print(command.branches(found, targets, place), end="")
        return
    print(command.show(found, targets, base, tools.value, form.value), end="")


@app.command()
@with_settings
def explain(
    name: Annotated[str, typer.Argument(metavar="HOOK|ARTIFACT|SERIES", help="What to explain.")],
    targets: Targets,
    tree: Tree = None,
    base: BaseOption = None,
    tools: ToolsOption = ToolsMode.auto,
    cache: Cache = None,
    *,
    settings: Given,
) -> None:
    """Say why a hook runs, or who makes an artifact.

    Also, why the hook's step was made anew, and why the pruner drops the artifact.

    What the cache knows of a step is told for the options that a build had: the
    same ones here. No archive is asked.

    \b
    Examples:
      livecd-rootfs explain 900-initramfs qcow2
      livecd-rootfs explain disk-image.binary qcow2
      livecd-rootfs explain livecd.debian-cpc.ext4 disk-image
    """
    from livecd_rootfs.commands import plan as command
    from livecd_rootfs.settings import cache_directory

    place = command.Place(
        base=base,
        tools=tools.value,
        cache=cache_directory(cache, os.environ),
        offline=True,
        environ=os.environ,
    )
    found = projects.project_of(tree, settings, [targets])
    print(command.explain(found, name, targets, place), end="")


@app.command()
@with_settings
def build(
    targets: BuildTargets,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where artifacts go. [default: out]"),
    ] = None,
    base: BaseOption = None,
    tools: ToolsOption = ToolsMode.auto,
    progress: Annotated[
        ProgressForm, typer.Option("--progress", help="How progress is shown.")
    ] = ProgressForm.auto,
    jobs: Jobs = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use the newest root there is; ask no archive.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="DIR", help="Copy finished build directories there."),
    ] = None,
    report: Report = None,
    shell_on_failure: Annotated[
        bool, typer.Option("--shell-on-failure", help="Give me a shell where a step failed.")
    ] = False,
    tree: Tree = None,
    cache: Cache = None,
    *,
    settings: Given,
) -> None:
    """Build TARGETs into one directory.

    Needs no loop devices, and no root where user namespaces are allowed. Each
    step runs in namespaces of its own: whatever happens, nothing stays mounted
    or running. The output directory gets all artifacts, and SHA256SUMS, or none.

    \b
    Examples:
      livecd-rootfs build qcow2
      livecd-rootfs build squashfs,qcow2 --suite bookworm --packages vim,curl
      livecd-rootfs build squashfs --base vendor-root.tar.xz -o images
    """
    _become_root()
    from contextlib import ExitStack
    from dataclasses import replace

    from livecd_rootfs import progress as progresses
    from livecd_rootfs import terminal
    from livecd_rootfs.build import base as bases
    from livecd_rootfs.commands import build as command
    from livecd_rootfs.settings import cache_directory
    from livecd_rootfs.tools import Mode

    kept = cache_directory(cache, os.environ)
    found = projects.project_of(tree, settings, [[word] for word in targets])
    request = command.Request(
        project=found,
        targets=targets,
        base=bases.of(base, found.settings),
        tools=Mode(tools.value),
        output=output or Path(found.settings.text("output_directory")),
        cache=kept,
        jobs=jobs or os.cpu_count() or 1,
        offline=offline,
        keep=keep,
        environ=os.environ,
    )
    with ExitStack() as stack:
        if shell_on_failure:
            request = replace(request, terminal=stack.enter_context(terminal.controlling()))
        form = progresses.Form(progress.value)
        listen = stack.enter_context(progresses.showing(form, sys.stdout))
        if report is None:
            command.build(request, listen)
        else:
            from livecd_rootfs.commands import report as reporting

            reporting.build(request, report, PROGRAM, listen)


app.command()(projects.summary)
app.command()(verification.verify)
app.command()(artifacts.inspect)
app.command()(artifacts.diff)


@app.command()
def boot(
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="qcow2, raw, vmdk, vhd, ova, box ...")
    ],
    firmware: Annotated[
        Firmware,
        typer.Option(
            "--firmware",
            help="auto: bios where the disk has a boot sector with code, else uefi; "
            "uefi-secure enforces Secure Boot.",
        ),
    ] = Firmware.AUTO,
    until: Annotated[
        Until, typer.Option("--until", help="How far: its login prompt, ssh, cloud-init's end.")
    ] = Until.LOGIN,
    timeout: Annotated[
        int, typer.Option("--timeout", metavar="SECONDS", min=1, help="For the whole boot.")
    ] = 600,
    screenshot: Annotated[
        Path | None, typer.Option("--screenshot", metavar="PNG", help="Its screen, at the end.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="All that its console prints.")
    ] = None,
    console: Annotated[
        bool, typer.Option("--console", help="Give me its serial console; ^] leaves.")
    ] = False,
    shell: Annotated[
        bool, typer.Option("--shell", help="Log me in by ssh, with a key made for this boot.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show its console while it boots.")
    ] = False,
    accelerator: Annotated[
        Accelerator, typer.Option("--accelerator", help="auto tries KVM, else emulates.")
    ] = Accelerator.AUTO,
    memory: Annotated[
        int, typer.Option("--memory", metavar="MIB", min=64, help="Of the guest.")
    ] = 1024,
    disk_size: Annotated[
        str | None,
        typer.Option("--disk-size", metavar="SIZE", help="Of its disk. [default: the image's]"),
    ] = None,
    network: Annotated[
        bool, typer.Option("--network", help="Let the guest reach the network.")
    ] = False,
    tools: ToolsOption = ToolsMode.auto,
    cache: Cache = None,
    arch: Arch = None,
) -> None:
    """Boot IMAGE in a virtual machine and see it come up.

    Takes every disk that a build makes: raw, qcow2, vmdk and vhd, compressed
    or not, and those in an OVA, a Vagrant box or the archive for Google. The
    image is never written to. The exit status says whether it came so far.
    What counts is a secret of this one boot that the guest itself shows, so a
    crash can't pass for success.

    \b
    Examples:
      livecd-rootfs boot out/livecd.debian-cpc.img
      livecd-rootfs boot out/livecd.debian-cpc.img --firmware uefi-secure --until ssh
      livecd-rootfs boot out/livecd.debian-cpc.img --shell
    """
    _become_root()
    from livecd_rootfs.commands import boot as command
    from livecd_rootfs.settings import cache_directory
    from livecd_rootfs.tools import Mode

    kept = cache_directory(cache, os.environ)
    request = Request(
        image=image,
        until=until,
        firmware=firmware,
        architecture=projects.project_of(None, projects.given(arch=arch)).settings.text("arch"),
        accelerator=accelerator,
        memory=memory,
        timeout=timeout,
        disk_size=command.disk_size(disk_size),
        network=network,
        screenshot=screenshot,
        log=log,
        cache=kept,
    )
    place = command.Place(mode=Mode(tools.value), cache=kept, environ=os.environ)
    if console and shell:
        raise UsageError("--console and --shell can't both be had", remedy="leave one out")
    if console or shell:
        by = "console" if console else "shell"
        raise typer.Exit(command.look(request, place, by=by))
    print(command.until(request, place, show_console=verbose), end="")


@app.command()
def prune(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A build directory.")] = Path(),
    provides_file: Annotated[
        Path | None,
        typer.Option(
            "--provides-file",
            metavar="FILE",
            help="Names to keep. [default: DIR/config/hooks/explicit_provides]",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Don't fail when a listed one was not made.")
    ] = False,
    project: ProjectName = None,
    subarch: Subarch = None,
) -> None:
    """Delete the artifacts that no named target provides.

    Builders that run in parallel publish to one place, so each must publish
    only what its own targets provide. Under `livecd-rootfs build` and
    live-build the last hook does this; here it can be done, or tried, by hand.
    """
    from livecd_rootfs.commands import prune as command

    options = projects.given(project=project, subarch=subarch)
    settings = projects.project_of(None, options).settings
    print(
        command.prune(
            directory, provides_file, settings, dry_run=dry_run, allow_missing=allow_missing
        ),
        end="",
    )


@app.command()
def tools(cache: Cache = None, arch: Arch = None) -> None:
    """Make the tools root: current image tools and qemu.

    A build makes it by itself when it needs it; this is for doing it beforehand.
    """
    _become_root()
    from livecd_rootfs.commands import tools as command
    from livecd_rootfs.settings import cache_directory

    settings = projects.project_of(None, projects.given(arch=arch)).settings
    place = command.ensure(
        cache_directory(cache, os.environ), settings.text("arch"), os.environ, _tell
    )
    print(f"the tools root is {place}")


app.command("launchpad-metadata")(projects.launchpad_metadata)


@app.command()
def version() -> None:
    """Print the version."""
    print(f"{PROGRAM} {__version__}")


def _version(asked: object) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def program(
    _asked: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """What goes before every command; its help is that of ``app``."""


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


app.add_typer(caches.app, name="cache")


def _become_root() -> None:
    from livecd_rootfs.signals import raise_on_signals
    from livecd_rootfs.userns import become_root

    become_root(os.environ, sys.argv[1:])
    raise_on_signals()


def main() -> NoReturn:
    """Run the command line; every failure that a user can cause ends here."""
    streams.settle()
    try:
        status = app(prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except LivecdError as error:
        _show(error)
        status = error.exit_code
    except typer.TyperException as error:
        from livecd_rootfs.cli import usage

        sys.stderr.write(usage.text(error, PROGRAM))
        status = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; that is its right (`... | head`).
        streams.drop_output()
        status = 1
    except OSError as error:
        if sys.flags.dev_mode:
            raise
        place = str(error.filename) if error.filename else "standard output"
        _show(LivecdError("the system refuses a file", place=place, why=error.strerror))
        streams.drop_output()
        status = 1
    gc.freeze()  # what the process holds goes with it: to look through it takes longer than that
    sys.exit(status or 0)


def _show(error: LivecdError) -> None:
    from livecd_rootfs import telling

    sys.stderr.write("".join(telling.texts(error, PROGRAM)))
