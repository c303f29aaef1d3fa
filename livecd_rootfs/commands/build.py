"""``livecd-rootfs build``: from targets to artifacts in the output directory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import archive, mmdebstrap
from livecd_rootfs.build import base, directory, environment, events, executor, output
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan
from livecd_rootfs.build.workspace import Workspace, open_workspace
from livecd_rootfs.commands import tools
from livecd_rootfs.project import Project
from livecd_rootfs.settings import proxies
from livecd_rootfs.tools import Mode

SHELL_FUNCTIONS = Path(__file__).parents[1] / "shell" / "functions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for.

    Attributes:
        project: tree and settings.
        targets: words of the command line.
        base: where the root comes from.
        tools: where tools come from.
        output: directory for the artifacts.
        cache: the cache directory.
        keep: leave the build directory where it is.
        environ: the user's environment.
    """

    project: Project
    targets: Sequence[str]
    base: Base
    tools: Mode
    output: Path
    cache: Path
    keep: bool
    environ: Mapping[str, str]


def build(request: Request, listen: Listener) -> tuple[Artifact, ...]:
    """Build, and publish the artifacts.

    Raises:
        LivecdError: as its message says; nothing is then in the output directory,
            mounted or running.
    """
    started = time.monotonic()
    resolution = request.project.resolve(request.targets)
    plan = request.project.plan(resolution, request.base, request.tools)
    output.check(request.output)
    with open_workspace(request.cache, keep=request.keep) as workspace:
        if request.keep:
            listen(events.Note(text=f"the build directory stays: {workspace.build}"))
        directory.prepare(workspace.build, request.project.tree, SHELL_FUNCTIONS)
        directory.write_links(workspace.build, resolution)
        made = _run(request, plan, workspace, listen)
        artifacts = output.publish(workspace.build, made, request.output)
    seconds = time.monotonic() - started
    listen(events.BuildEnded(output=request.output, artifacts=artifacts, seconds=seconds))
    return artifacts


def _run(
    request: Request, plan: BuildPlan, workspace: Workspace, listen: Listener
) -> tuple[str, ...]:
    project = request.project
    bootstrap = base.bootstrap_request(project.settings)
    context = executor.Context(
        workspace=workspace,
        identity=environment.identity(project.settings, project.prefix),
        settings=project.settings,
        date=_date(request, bootstrap),
        bootstrap=bootstrap,
        tools_root=lambda progress: _tools_root(request, progress),
        tools_mode=request.tools,
        environ=request.environ,
        logs=_logs(request.cache),
    )
    return executor.execute(plan, context, listen)


def _date(request: Request, bootstrap: mmdebstrap.Request) -> int | None:
    """The time that all files get: as set, else the archive's, else that of the given root."""
    text = request.project.settings.text("source_date_epoch")
    if text:
        return int(text)
    if request.base.kind is BaseKind.BOOTSTRAP:
        return archive.query(bootstrap, proxies(request.environ)).date
    return None


def _tools_root(request: Request, progress: Callable[[str], None]) -> Path:
    arch = request.project.settings.text("arch")
    return tools.ensure(request.cache, arch, request.environ, progress)


def _logs(cache: Path) -> Path:
    """A new folder for the logs of this build, named by the time, so that they sort."""
    folder = cache / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=folder))
