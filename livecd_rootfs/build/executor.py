"""The executor: takes a plan and makes it so, step after step, telling a listener."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import mmdebstrap, sandbox, trees
from livecd_rootfs.build import base, binary, chroot, environment, events, output
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.plan import BuildPlan, Step, StepKind
from livecd_rootfs.build.workspace import Workspace
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import TAIL_LINES, describe_status
from livecd_rootfs.settings import Settings

TICK_SECONDS = 0.2
LINE_LENGTH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the executor needs besides the plan.

    Attributes:
        workspace: the folders of this build.
        settings: the user's settings.
        identity: what names the build.
        proxies: proxy variables of the user.
        declared: variables that hooks declare in their headers, as the user has them.
        tools_root: gives the tools root, making it when it is not there.
        tools_mode: ``auto``, ``host`` or ``root``.
        logs: where each step's log goes.
    """

    workspace: Workspace
    settings: Settings
    identity: environment.Identity
    proxies: Mapping[str, str]
    declared: Mapping[str, str]
    tools_root: Callable[[int], Path]
    tools_mode: str
    bootstrap: mmdebstrap.Request
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
    runner = _Runner(plan=plan, context=context, listen=listen)
    for step in plan.steps:
        runner.run(step)
    return artifacts(context.workspace.build, plan, context.identity.prefix)


def artifacts(build: Path, plan: BuildPlan, prefix: str) -> tuple[str, ...]:
    """The top-level regular files of the build that are its artifacts, sorted.

    Raises:
        LivecdError: one that a target provides is missing, with where it is claimed.
    """
    made = sorted(
        path.name
        for path in build.iterdir()
        if path.name.startswith(f"{prefix}.") and path.is_file() and not path.is_symlink()
    )
    for name, place in plan.places.items():
        if name not in made:
            raise LivecdError(
                f"no hook made the artifact '{name}'",
                place=place,
                why="this line of a series file provides it",
                remedy="mend the hook that should make it, or remove the line",
            )
    return tuple(made)


class _Runner:
    """The state of one execution: the tools root, once it is there."""

    def __init__(self, *, plan: BuildPlan, context: Context, listen: Listener) -> None:
        self._plan = plan
        self._context = context
        self._listen = listen
        self._tools_root: Path | None = None

    def run(self, step: Step) -> None:
        log = self._context.logs / f"{step.number:02d}-{step.name.replace('/', '-').replace(' ', '-')}.log"
        self._listen(events.StepStarted(step=step, log=log))
        started = time.monotonic()
        descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND, 0o644)
        try:
            status = self._by_kind(step)(step, descriptor, log)
        finally:
            os.close(descriptor)
        seconds = time.monotonic() - started
        self._listen(events.StepEnded(step=step, seconds=seconds, status=status))
        if status != 0:
            raise failed(step, status, log)

    def _by_kind(self, step: Step) -> Callable[[Step, int, Path], int]:
        return {
            StepKind.TOOLS: self._tools,
            StepKind.BASE: self._base,
            StepKind.CHROOT_EARLY: self._chroot,
            StepKind.CHROOT: self._chroot,
            StepKind.BINARY: self._binary,
            StepKind.FINAL: self._binary,
        }[step.kind]

    def _tools(self, step: Step, output: int, log: Path) -> int:
        self._tools_root = self._context.tools_root(output)
        return 0

    def _base(self, step: Step, output: int, log: Path) -> int:
        context = self._context
        made = base.command(
            self._plan.base, context.bootstrap, context.workspace, context.proxies
        )
        status = self._watch(step, made.sandbox, made.argv, output, log)
        if status == 0:
            base.require_root(context.workspace.chroot)
        return status

    def _chroot(self, step: Step, output: int, log: Path) -> int:
        workspace = self._context.workspace
        seen = chroot.sandbox(
            workspace.chroot, workspace.build / "config", self._env(step), network=step.network
        )
        hook = workspace.build / "config" / "hooks.d" / step.name
        with chroot.scaffold(workspace.chroot, hook) as inside:
            return self._watch(step, seen, (inside,), output, log)

    def _binary(self, step: Step, output: int, log: Path) -> int:
        workspace = self._context.workspace
        seen = binary.sandbox(
            workspace, self._env(step), network=step.network, tools_root=self._tools_root
        )
        try:
            hook = f"{binary.BUILD}/config/hooks.d/{step.name}"
            return self._watch(step, seen, (hook,), output, log)
        finally:
            trees.empty(workspace.scratch)

    def _env(self, step: Step) -> dict[str, str]:
        context = self._context
        env = environment.of_hook(
            context.identity, context.settings, self._plan.targets, context.proxies
        )
        env["LIVECD_TOOLS"] = context.tools_mode
        return environment.narrowed(env, step.header, context.declared)

    def _watch(
        self, step: Step, seen: sandbox.Sandbox, argv: tuple[str, ...], output: int, log: Path
    ) -> int:
        """Run the command and tell the listener, now and then, how it goes."""
        child = sandbox.spawn(seen, argv, stdin=None, stdout=output, stderr=output)
        started = time.monotonic()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(child.pidfd, selectors.EVENT_READ)
                while not selector.select(TICK_SECONDS):
                    seconds = time.monotonic() - started
                    line = last_line(log)
                    self._listen(events.StepTick(step=step, seconds=seconds, line=line))
            return child.wait()
        except BaseException:
            sandbox.stop(child)
            raise


def last_line(log: Path) -> str:
    """The last line that a step printed; what a progress bar painted over itself counts as one."""
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - LINE_LENGTH))
        text = stream.read().decode(errors="replace").replace("\r", "\n")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def failed(step: Step, status: int, log: Path) -> StepFailed:
    """The error for a step: what, its place and chain, its last lines, its log."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    chain = tuple(f"via:  {link}" for link in step.chain)
    return StepFailed(
        f"{step.name} {describe_status(status)}",
        place=step.place,
        notes=(*chain, *(f"| {line}" for line in lines)),
        remedy=f"the whole log is {log}",
    )
