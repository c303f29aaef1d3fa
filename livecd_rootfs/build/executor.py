"""The executor: takes a plan and makes it so, step after step, telling a listener."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import mmdebstrap, prune, sandbox, trees
from livecd_rootfs.build import base, binary, chroot, directory, environment, events
from livecd_rootfs.build.environment import Identity
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.log import Log, last_line, open_log
from livecd_rootfs.build.plan import BaseKind, BuildPlan, Step, StepKind
from livecd_rootfs.build.workspace import Workspace
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import TAIL_LINES, Completed, describe_status
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.settings import Settings, proxies
from livecd_rootfs.tools import Mode

TICK_SECONDS = 0.2
FULL_BELOW_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the executor needs besides the plan.

    Attributes:
        workspace: the folders of this build.
        identity: what names the build.
        settings: the user's settings.
        date: SOURCE_DATE_EPOCH in seconds since 1970; ``None`` if only the given
            root can tell it.
        bootstrap: how a root is made, if the plan says so.
        tools_root: gives the tools root; makes it, telling its progress, if need be.
        tools_mode: where hooks take their tools from.
        environ: the user's environment: proxies, and what hooks declare.
        logs: where each step's log goes.
    """

    workspace: Workspace
    identity: Identity
    settings: Settings
    date: int | None
    bootstrap: mmdebstrap.Request
    tools_root: Callable[[Callable[[str], None]], Path]
    tools_mode: Mode
    environ: Mapping[str, str]
    logs: Path


class StepFailed(LivecdError):
    """A step that ended with a status other than 0."""


def execute(plan: BuildPlan, context: Context, listen: Listener) -> tuple[str, ...]:
    """Run every step; gives the names of the artifacts in the build directory.

    Raises:
        StepFailed: a step failed; the steps after it did not run.
        LivecdError: an artifact that was promised was not made.
    """
    listen(events.BuildStarted(plan=plan, logs=context.logs))
    run = _Run(plan=plan, context=context, listen=listen)
    for step in plan.steps:
        run.step(step)
    return artifacts(context, plan)


def artifacts(context: Context, plan: BuildPlan) -> tuple[str, ...]:
    """The artifacts of a finished build: what the pruner keeps, whether or not it has run.

    Raises:
        LivecdError: one that a target provides is missing, with where it is claimed.
    """
    names = prune.prefixes(context.identity.project, context.settings.text("subarch"))
    choice = prune.survey(str(context.workspace.build), tuple(plan.places), names=names)
    for absent in choice.missing:
        raise LivecdError(
            f"no hook made the artifact '{absent.name}'",
            place=plan.places.get(absent.name),
            why="this line of a series file provides it",
            remedy="mend the hook that should make it, or remove the line",
        )
    return tuple(kept.name for kept in choice.kept if kept.kind == "file")


class _Run:
    """One execution: what its steps have found out so far."""

    def __init__(self, *, plan: BuildPlan, context: Context, listen: Listener) -> None:
        self._plan = plan
        self._context = context
        self._listen = listen
        self._tools_root: Path | None = None
        self._env: dict[str, str] = {}
        self._kinds: dict[StepKind, Callable[[Step, Log], int]] = {
            StepKind.TOOLS: self._tools,
            StepKind.BASE: self._base,
            StepKind.CHROOT_EARLY: self._chroot,
            StepKind.CHROOT: self._chroot,
            StepKind.BINARY: self._binary,
            StepKind.FINAL: self._binary,
        }

    def step(self, step: Step) -> None:
        """Run one step.

        Raises:
            StepFailed: its status was not 0.
        """
        with open_log(self._context.logs, step) as log:
            self._listen(events.StepStarted(step=step, log=log.path))
            started = time.monotonic()
            status = self._kinds[step.kind](step, log)
        seconds = time.monotonic() - started
        self._listen(events.StepEnded(step=step, seconds=seconds, status=status))
        if status != 0:
            raise self._failure(step, status, log.path)

    def _failure(self, step: Step, status: int, log: Path) -> LivecdError:
        if step.kind is StepKind.BASE and self._plan.base.kind is BaseKind.BOOTSTRAP:
            text = log.read_text(errors="replace")
            done = Completed(argv=("mmdebstrap",), status=status, stdout=text, stderr="", seconds=0)
            return mmdebstrap.failure(self._context.bootstrap, done)
        return failed(step, status, log, self._context.workspace.path)

    def _tools(self, step: Step, log: Log) -> int:
        started = time.monotonic()

        def tell(line: str) -> None:
            os.write(log.descriptor, f"{line}\n".encode())
            seconds = time.monotonic() - started
            self._listen(events.StepTick(step=step, seconds=seconds, line=line))

        self._tools_root = self._context.tools_root(tell)
        return 0

    def _base(self, step: Step, log: Log) -> int:
        context = self._context
        date = {} if context.date is None else {"SOURCE_DATE_EPOCH": str(context.date)}
        environ = {**proxies(context.environ), **date}
        made = base.command(self._plan.base, context.bootstrap, context.workspace, environ)
        status = self._watch(step, made.sandbox, made.argv, log)
        if status == 0:
            base.settle(self._plan.base, context.workspace.chroot)
        return status

    def _chroot(self, step: Step, log: Log) -> int:
        workspace = self._context.workspace
        config = workspace.build / "config"
        env = self._environment(step)
        seen = chroot.sandbox(workspace.chroot, config, env, network=step.network)
        with chroot.scaffold(workspace.chroot, config / "hooks.d" / step.name) as inside:
            return self._watch(step, seen, (inside,), log)

    def _binary(self, step: Step, log: Log) -> int:
        workspace = self._context.workspace
        env = self._environment(step)
        seen = binary.sandbox(workspace, env, network=step.network, tools_root=self._tools_root)
        try:
            return self._watch(step, seen, (f"{binary.HOOKS}/{step.name}",), log)
        finally:
            trees.empty(workspace.scratch)

    def _environment(self, step: Step) -> dict[str, str]:
        """The step's variables; the first step that asks also has the config files written."""
        if not self._env:
            self._env = self._configure()
        return environment.narrowed(self._env, step.header, self._context.environ)

    def _configure(self) -> dict[str, str]:
        context = self._context
        date = context.date
        if date is None:
            date = base.date_of_root(context.workspace.chroot)
        variables = environment.of_hooks(
            context.identity, context.settings, self._plan.targets, date
        )
        directory.write_config(context.workspace.build, variables)
        passed = proxies(context.environ)
        return {**variables, **passed, "LIVECD_TOOLS": context.tools_mode.value}

    def _watch(self, step: Step, seen: Sandbox, argv: tuple[str, ...], log: Log) -> int:
        """Run the command and tell the listener, now and then, how it goes."""
        output = log.descriptor
        child = sandbox.spawn(seen, argv, stdin=None, stdout=output, stderr=output)
        started = time.monotonic()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(child.pidfd, selectors.EVENT_READ)
                while not selector.select(TICK_SECONDS):
                    seconds = time.monotonic() - started
                    line = last_line(log.path)
                    self._listen(events.StepTick(step=step, seconds=seconds, line=line))
            return child.wait()
        except BaseException:
            sandbox.stop(child)
            raise


def failed(step: Step, status: int, log: Path, workspace: Path) -> StepFailed:
    """The error for a step: what, its place and chain, its last lines, its log."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    chain = tuple(f"via:  {link}" for link in step.chain)
    full = disk_is_full(workspace)
    return StepFailed(
        f"{step.name} {describe_status(status)}",
        place=step.place,
        why=f"no space left on the device of {workspace}" if full else None,
        notes=(*chain, *(f"| {line}" for line in lines)),
        remedy="free some space, or choose another cache directory with --cache DIR"
        if full
        else f"the whole log is {log}",
    )


def disk_is_full(path: Path) -> bool:
    """Whether a file system has no room even for a log: then the log does not tell why."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize < FULL_BELOW_BYTES or found.f_favail == 0 < found.f_files
