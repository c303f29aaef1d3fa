"""``livecd-rootfs build``: from targets to artifacts in the output directory."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import archive, distributions, mmdebstrap, toolsroot
from livecd_rootfs.build import base, directory, environment, events, executor, output
from livecd_rootfs.build.environment import Identity
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.output import Artifact
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan
from livecd_rootfs.build.workspace import Workspace, open_workspace
from livecd_rootfs.project import Project
from livecd_rootfs.settings import proxies
from livecd_rootfs.tools import Mode


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
        made = _run(request, plan, workspace, listen)
        artifacts = output.publish(workspace.build, made, request.output)
    seconds = time.monotonic() - started
    listen(events.BuildEnded(output=request.output, artifacts=artifacts, seconds=seconds))
    return artifacts


def _run(
    request: Request, plan: BuildPlan, workspace: Workspace, listen: Listener
) -> tuple[str, ...]:
    bootstrap = _bootstrap(request)
    identity = _identity(request, _epoch(request, bootstrap))
    context = executor.Context(
        workspace=workspace,
        settings=request.project.settings,
        identity=identity,
        proxies=proxies(request.environ),
        declared=request.environ,
        tools_root=lambda descriptor: _tools_root(request, descriptor),
        tools_mode=request.tools.value,
        bootstrap=mmdebstrap_with_date(bootstrap, identity.epoch),
        logs=_logs(request.cache),
    )
    _prepare(request, plan, context)
    return executor.execute(plan, context, listen)
