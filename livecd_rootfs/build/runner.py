"""Running one step: its layers mounted, its sandbox, its log, and the layer that it leaves."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from livecd_rootfs import kernel, mmdebstrap
from livecd_rootfs.build import (
    base,
    binary,
    chroot,
    diskroom,
    events,
    loops,
    memory,
    newroot,
    stepview,
    watch,
)
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.failure import failed, not_run
from livecd_rootfs.build.forest import Node
from livecd_rootfs.build.joining import Branches, Joiner
from livecd_rootfs.build.log import Log, last_line, open_log
from livecd_rootfs.build.plan import BaseKind, BuildPlan, Step, StepKind
from livecd_rootfs.build.recipes import Kitchen
from livecd_rootfs.build.visit import Visit, no_visit
from livecd_rootfs.build.workspace import Slot, Workspace
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import flatten, lock, overlay
from livecd_rootfs.layers.key import Recipe, key, reasons
from livecd_rootfs.layers.layer import Layer, left_overlays
from livecd_rootfs.layers.overlay import Changes
from livecd_rootfs.layers.staging import Staging
from livecd_rootfs.layers.store import Lease, Store
from livecd_rootfs.mounts import Bind
from livecd_rootfs.network import proxies
from livecd_rootfs.process import Completed
from livecd_rootfs.resolve import Resolution
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.settings.value import FILES

POLL_SECONDS = 0.1
Phases = Mapping[StepKind, Callable[["Job"], Awaitable[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A step whose turn it is, with what is there before it.

    Attributes:
        node: the step.
        plan: one of its builds.
        chain: the layers before it, oldest first.
        branches: the layers of the side branches that it joins.
        date: SOURCE_DATE_EPOCH.
    """

    node: Node
    plan: BuildPlan
    chain: tuple[Layer, ...]
    branches: Branches
    date: int

    @property
    def step(self) -> Step:
        """What runs."""
        return self.node.step

    @property
    def after(self) -> Layer | None:
        """The layer before it."""
        return self.chain[-1] if self.chain else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One step that is to run now.

    Attributes:
        turn: the step, and what is there before it.
        joined: what it sees of side branches.
        slot: its folders.
        staging: where its layer is made.
        log: where its output goes.
        told: what is told of it.
    """

    turn: Turn
    joined: tuple[Bind, ...]
    slot: Slot
    staging: Staging
    log: Log
    told: _Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What running steps needs.

    Attributes:
        kitchen: recipes, and what they are made from.
        resolutions: by targets, for the links that final hooks see.
        store: where layers are.
        lease: keeps the layers of this run from being removed.
        workspace: the folders of this run.
        logs: where logs go.
        tools_root: waits for the tools root and gives it; ``None`` if none is used.
        known: the recipes that the store had when the run began.
        environ: the user's environment.
        listen: is told what goes on.
        visit: called where a step failed, while what it saw is still there.
    """

    kitchen: Kitchen
    resolutions: Mapping[tuple[str, ...], Resolution]
    store: Store
    lease: Lease
    workspace: Workspace
    logs: Path
    tools_root: Callable[[], Awaitable[Path | None]]
    known: Callable[[], tuple[Recipe, ...]]
    environ: Mapping[str, str]
    listen: Listener
    visit: Visit = no_visit

    async def layer(self, turn: Turn) -> Layer:
        """The layer of a step: the stored one, or made now.

        Raises:
            StepFailed: the step ran and failed.
            LivecdError: the store or the sandbox can't be used.
        """
        try:
            return await self._find_or_make(turn)
        except OSError as error:
            raise not_run(turn.step, error) from error

    async def _find_or_make(self, turn: Turn) -> Layer:
        if self.kitchen.uses_tools_root(turn.step):
            await self.tools_root()  # whose content is a part of the recipe
        recipe = await self._recipe(turn)
        wanted = key(recipe)
        found = self.lease.find(wanted, turn.after)
        if found is None:
            self.store.must_be_writable()
            async with self._alone(wanted, turn.node):
                found = self.lease.find(wanted, turn.after)
                if found is None:
                    return await self._make(turn, recipe)
        self._tell_reuse(turn.node, found)
        return found

    async def _recipe(self, turn: Turn) -> Recipe:
        before = turn.after.meta.recipe if turn.after else None
        joined = await self._joiner(turn.node).parts(turn.step, turn.branches, turn.date)
        return self.kitchen.recipe(turn.node, turn.plan, before, turn.date, joined)

    def _joiner(self, node: Node) -> Joiner:
        return Joiner(
            store=self.store,
            lease=self.lease,
            workspace=self.workspace,
            on_wait=lambda: self.listen(events.StepWaits(node=node)),
        )

    def _tell_reuse(self, node: Node, found: Layer) -> None:
        meta = found.meta
        self.listen(events.StepReused(node=node, saved=meta.seconds, size=meta.size, layer=found))

    def _alone(self, wanted: str, node: Node) -> _Alone:
        return _Alone(
            path=self.store.layout.building,
            key=wanted,
            on_wait=lambda: self.listen(events.StepWaits(node=node)),
        )

    def _why(self, recipe: Recipe) -> tuple[str, ...]:
        """Why no stored layer fits: what changed against the nearest one of the same step."""
        return reasons(recipe, self.known())

    async def _make(self, turn: Turn, recipe: Recipe) -> Layer:
        with (
            open_log(self.logs, turn.node) as log,
            self._telling(turn.node, log, recipe) as told,
            self._room(turn.node, recipe) as room,
            self.store.staging(turn.after, room=room) as staging,
        ):
            with (
                self.workspace.slot() as slot,
                self._joiner(turn.node).mounted(turn.step, turn.branches, slot) as joined,
                self._mounted(turn, slot, staging),
            ):
                job = Job(turn=turn, joined=joined, slot=slot, staging=staging, log=log, told=told)
                told.status = await self._run(job)
            seconds = told.seconds
            if told.status != 0:
                raise self._failure(job, told.status)
            self.kitchen.unchanged(recipe, turn.node, turn.plan, turn.date)
            os.fsync(log.descriptor)
            staging.keep_log(log.path)
            made = self.lease.commit(staging, recipe, turn.after, seconds=seconds)
        size = made.meta.size
        self.listen(
            events.StepEnded(node=turn.node, seconds=seconds, status=0, size=size, layer=made)
        )
        return made

    @contextmanager
    def _telling(self, node: Node, log: Log, recipe: Recipe) -> Iterator[_Told]:
        """Tell that a step begins, and that it failed: by its command, its mounts or its layer."""
        self.listen(events.StepStarted(node=node, log=log.path, why=self._why(recipe)))
        told = _Told(started=time.monotonic())
        try:
            yield told
        except (LivecdError, OSError):
            status = told.status or 1
            self.listen(events.StepEnded(node=node, seconds=told.seconds, status=status, size=0))
            raise

    @contextmanager
    def _mounted(self, turn: Turn, slot: Slot, staging: Staging) -> Iterator[None]:
        """The build directory of a step: the layers before it, with room for its changes.

        The first step has nothing below it, and needs no overlay.
        """
        if not turn.chain:
            with _bound(staging.diff, slot.build):
                yield
            return
        waits = partial(self.listen, events.StepWaits(node=turn.node))
        short = flatten.shortened(self.store, self.lease, turn.chain, slot.build, waits)
        lowers = overlay.lowers(short, self.store.layout.empty)
        target = Changes(upper=staging.diff, work=staging.work)
        with overlay.mounted(lowers, slot.build, target):
            yield

    @contextmanager
    def _room(self, node: Node, recipe: Recipe) -> Iterator[Path | None]:
        """Memory for a bootstrap, if there is enough, and if its result will fit on the disk."""
        if node.step.kind is not StepKind.BASE:
            yield None
            return
        diskroom.check(self.store.layout.path, recipe, self.store.layers())
        available = memory.available_bytes(Path("/proc/meminfo").read_text())
        with memory.room(self.workspace.memory, available) as place:
            yield place

    async def _run(self, job: Job) -> int:
        phases: Phases = {
            StepKind.BASE: self._base,
            StepKind.CHROOT_EARLY: self._chroot,
            StepKind.CHROOT: self._chroot,
            StepKind.BINARY: self._binary,
            StepKind.FINAL: self._binary,
        }
        return await phases[job.turn.step.kind](job)

    async def _base(self, job: Job) -> int:
        newroot.lay_out(job.slot.build)
        environ = {**proxies(self.environ), "SOURCE_DATE_EPOCH": str(job.turn.date)}
        begin = self.kitchen.base
        made = newroot.command(
            base.argv(begin, self.kitchen.bootstrap),
            job.slot.build,
            environ,
            given=begin.path,
            skeleton=base.skeleton_of(self.kitchen.skeleton_trees()),
        )
        status = await self._watch(job, made.sandbox, made.argv)
        if status == 0 and begin.kind is not BaseKind.NONE:
            is_new = begin.kind is BaseKind.BOOTSTRAP
            place = begin.path or job.slot.chroot
            newroot.settle(job.slot.chroot, bootstrapped=is_new, place=place)
        return status

    async def _chroot(self, job: Job) -> int:
        env = self._view(job)
        step, slot = job.turn.step, job.slot
        seen = chroot.sandbox(slot.chroot, slot.config, env, network=step.network)
        with chroot.scaffold(slot.chroot, slot.config / "hooks.d" / step.name) as inside:
            return await self._watch(job, seen, (inside,))

    async def _binary(self, job: Job) -> int:
        used = self.kitchen.uses_tools_root(job.turn.step)
        tools_root = await self.tools_root() if used else None
        env = self._view(job)
        seen = binary.sandbox(
            job.slot,
            job.staging,
            left_overlays(job.turn.chain),
            env,
            network=job.turn.step.network,
            tools_root=tools_root,
            files=self.kitchen.seen_files(job.turn.step),
            build_directory=self.kitchen.build_directory(job.turn.step),
            joined=job.joined,
        )
        with self._without_loops(job):
            return await self._watch(job, seen, (f"{binary.HOOKS}/{job.turn.step.name}",))

    @contextmanager
    def _without_loops(self, job: Job) -> Iterator[None]:
        """Detach the loop devices that a hook leaves: they would hold its files for ever."""
        try:
            yield
        finally:
            own = (job.slot.scratch, job.staging.overlays)
            for loop in loops.left_in(job.slot.build, *own):
                loops.detach(loop)
                what = f"{job.turn.step.name} left the loop device {loop.device}"
                self.listen(events.Note(text=f"{what}, which showed {loop.file}; it is detached"))

    def _view(self, job: Job) -> dict[str, str]:
        """Put the step's configuration into its slot; gives its environment."""
        variables = self.kitchen.variables(job.turn.node, job.turn.plan, job.turn.date)
        files = self.kitchen.files(job.turn.step)
        stepview.make(job.slot.config, self.kitchen.tree, files, variables)
        self.kitchen.copied(job.turn.step)
        if job.turn.step.kind is StepKind.FINAL:
            stepview.add_links(job.slot.config, self.resolutions[job.turn.plan.targets])
        stepview.settle(job.slot.config, job.turn.date)
        withheld = self.kitchen.withheld(job.turn.step)
        return {**variables, **proxies(self.environ), **withheld}

    async def _watch(self, job: Job, seen: Sandbox, argv: Sequence[str]) -> int:
        status = await watch.run(
            seen, argv, job.log.descriptor, lambda seconds: self._tick(job, seconds)
        )
        if status != 0:
            with job.told.paused():
                await self.visit(job.turn.node, status, seen, job.log.path)
        return status

    def _tick(self, job: Job, seconds: float) -> None:
        line = last_line(job.log.path)
        self.listen(events.StepTick(node=job.turn.node, seconds=seconds, line=line))

    def _failure(self, job: Job, status: int) -> LivecdError:
        log = job.log.path
        bootstrapped = self.kitchen.base.kind is BaseKind.BOOTSTRAP
        if job.turn.step.kind is StepKind.BASE and bootstrapped:
            text = log.read_text(errors="replace")
            done = Completed(argv=("mmdebstrap",), status=status, stdout=text, stderr="", seconds=0)
            return mmdebstrap.failure(self.kitchen.bootstrap, done)
        step = job.turn.step
        files = {f"{FILES}/{place}": path for place, path in self.kitchen.seen_files(step).items()}
        return failed(step, status, log, self.workspace.path, files | self._hooks(step))

    def _hooks(self, step: Step) -> dict[str, Path]:
        """Where the hooks of the user lie, by the places where a step sees them."""
        tree = self.kitchen.tree
        if step.kind in {StepKind.BINARY, StepKind.FINAL}:
            return {binary.HOOKS: tree}
        hook = tree / step.name
        return {f"/{chroot.CONFIG}/hooks.d": tree, f"/root/{hook.name}": hook}


@dataclass(slots=True, kw_only=True)
class _Told:
    """What is known of a step while it runs.

    Attributes:
        started: when it began.
        status: of its command, if that has ended.
        visited: seconds that the user looked at it, which are not its own.
    """

    started: float
    status: int = 0
    visited: float = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started - self.visited

    @contextmanager
    def paused(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.visited += time.monotonic() - began


@dataclass(slots=True, kw_only=True)
class _Alone:
    """Single flight without blocking the loop: asks for the lock until it is free."""

    path: Path
    key: str
    on_wait: Callable[[], None]
    _held: lock.LockFile | None = None

    async def __aenter__(self) -> None:
        self._held = lock.LockFile(self.path, writable=True)
        try:
            if not self._held.try_take(self.key):
                self.on_wait()
            while not self._held.try_take(self.key):  # noqa: ASYNC110 (locks of files tell nobody)
                await asyncio.sleep(POLL_SECONDS)
        except BaseException:
            self._held.close()
            raise

    async def __aexit__(self, *_: object) -> None:
        if self._held is not None:
            self._held.close()


@contextmanager
def _bound(source: Path, target: Path) -> Iterator[None]:
    """A directory, seen at another place as well."""
    tree = kernel.clone_tree(source)
    kernel.attach_tree(tree, target)
    os.close(tree)
    try:
        yield
    finally:
        kernel.unmount(target)
