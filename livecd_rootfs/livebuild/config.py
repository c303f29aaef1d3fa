"""``auto/config``: a build directory's ``config``, with the hooks of its image targets.

config/bootstrap, chroot, binary ...   live-build's own; the last two with our settings, too
config/settings                        these settings alone, quoted, for a shell to source
config/functions                       shell functions for hooks
config/hooks.d/                        a copy of the tree of hooks
config/livecd_rootfs                   a link to the package that hooks import
config/hooks/                          links or wrappers, and explicit_provides
config/archives/, package-lists/       more sources, and what is to be installed
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import hooksdir, makehooks, project, shell, trees
from livecd_rootfs.build import stepview
from livecd_rootfs.build.plan import order as hook_order
from livecd_rootfs.diagnostics import Diagnostic
from livecd_rootfs.livebuild import lb, options, sources, version, written
from livecd_rootfs.livebuild import request as requests
from livecd_rootfs.livebuild.request import NO_HOOKS, Request
from livecd_rootfs.packaging import NO_INITRAMFS
from livecd_rootfs.project import Project
from livecd_rootfs.resolve import Resolution, kernel_flavour

CONFIG = "config"
PACKAGE = "livecd_rootfs"
PACKAGE_LIST = "package-lists/livecd-rootfs.list.chroot_install"
# Files of live-build that hooks source.
_SOURCED = ("chroot", "binary")
_HEADING = "\n# Settings of this build, for hooks.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a script in ``auto``.

    Attributes:
        place: the build directory.
        environ: the environment.
        options: the command line.
        say: called with each line of progress.
        warn: called with each finding that stops nothing.
    """

    place: Path
    environ: Mapping[str, str]
    options: tuple[str, ...]
    say: Callable[[str], None]
    warn: Callable[[Diagnostic], None]


def run(call: Call) -> None:
    """Make ``config`` anew. Nothing is touched before all that is asked for is known to be right.

    Args:
        call: its options go to ``lb config``, behind ours.

    Raises:
        LivecdError: something that is asked for is not there, or live-build refuses.
    """
    live_build = version.installed(call.environ)
    request, warnings = requests.load(call.environ, call.place)
    for warning in warnings:
        call.say(f"warning: {warning}")
    found = _project(request, call)
    resolution = found.resolve(request.targets)
    written.refuse_another(call.place, _variables(request, resolution))
    archives = sources.personal(request, sources.fetched)
    call.say(f"{' '.join(request.targets)}, for live-build {live_build.version}")
    config = call.place / CONFIG
    trees.remove(config)
    mirrors = sources.mirrors(request, sources.of_host(call.environ))
    words = options.config(request, live_build.line, mirrors)
    lb.run(("config", "noauto", *words, *call.options), call.place, call.environ)
    _fill(config, request, found.tree, resolution)
    _add_archives(config, {**archives, **_proposed(config, request)})
    _make_hooks(config, request, resolution, live_build.line)
    # Last: with these it can be built.
    _write_settings(config, request, resolution)


def _project(request: Request, call: Call) -> Project:
    tree = project.find_tree(None, call.place)
    return Project(tree=call.place / tree, settings=request.settings, warn=call.warn)


def _fill(config: Path, request: Request, tree: Path, resolution: Resolution) -> None:
    copy_tree(tree, config / "hooks.d")
    _let_run(config / "hooks.d", resolution)
    (config / stepview.FUNCTIONS).write_text(shell.functions(), encoding="utf-8")
    (config / PACKAGE).symlink_to(Path(__file__).parents[1])
    listed = config / PACKAGE_LIST
    listed.parent.mkdir(exist_ok=True)
    listed.write_text("".join(f"{name}\n" for name in request.packages))
    (config / "environment.chroot").write_text(
        "".join(f"{name}={value}\n" for name, value in NO_INITRAMFS.items())
    )


def copy_tree(tree: Path, target: Path) -> None:
    """Copy a hooks.d: links to files in it become these files, all other links stay links.

    Args:
        tree: the hooks.d.
        target: the copy, which does not exist yet.
    """
    top = tree.resolve()
    for folder, folders, files in os.walk(top):
        here = target / Path(folder).relative_to(top)
        here.mkdir(parents=True)
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in (*files, *links):
            source = Path(folder, name)
            inside = source.is_file() and source.resolve().is_relative_to(top)
            shutil.copy2(source, here / name, follow_symlinks=inside)


def _let_run(tree: Path, resolution: Resolution) -> None:
    """What live-build does through a link, in the copy and not in what it was copied from."""
    for hook in resolution.hooks:
        path = tree / hook.name
        path.chmod(path.stat().st_mode | 0o111)


def _variables(request: Request, resolution: Resolution) -> dict[str, str]:
    variables = request.variables()
    flavour = kernel_flavour(hook.name for hook in resolution.hooks)
    return {**variables, "KERNEL_FLAVOUR": flavour or variables["KERNEL_FLAVOUR"]}


def _write_settings(config: Path, request: Request, resolution: Resolution) -> None:
    text = stepview.assignments(_variables(request, resolution))
    (config.parent / written.SETTINGS).write_text(text)
    for name in _SOURCED:
        with (config / name).open("a") as file:
            file.write(f"{_HEADING}{text}")


def _proposed(config: Path, request: Request) -> Mapping[str, bytes]:
    archive = sources.archive_of((config / "bootstrap").read_text())
    return sources.proposed(request, archive)


def _add_archives(config: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (config / "archives").mkdir(exist_ok=True)
        (config / "archives" / name).write_bytes(content)


def _make_hooks(config: Path, request: Request, resolution: Resolution, line: version.Line) -> None:
    plan = hooksdir.plan(
        _in_order(resolution),
        tree=os.path.realpath(config / "hooks.d"),
        directory=os.path.realpath(config / "hooks"),
    )
    if request.image_format == NO_HOOKS:
        plan = _without_binary_hooks(plan)
    makehooks.apply(plan, line.value)


def _in_order(resolution: Resolution) -> Resolution:
    """As our own build runs them: live-build goes by the numbers that they get."""
    return Resolution(
        targets=resolution.targets,
        hooks=hook_order(resolution.hooks),
        provides=resolution.provides,
        reaches=resolution.reaches,
        diagnostics=resolution.diagnostics,
    )


def _without_binary_hooks(plan: hooksdir.HooksPlan) -> hooksdir.HooksPlan:
    """Nothing makes the artifacts then, so that nothing is promised either."""
    return hooksdir.HooksPlan(
        tree=plan.tree,
        directory=plan.directory,
        links=tuple(link for link in plan.links if not link.hook.endswith(".binary")),
        provides=(),
        provides_path=plan.provides_path,
    )
