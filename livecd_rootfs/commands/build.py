"""``livecd-rootfs build``: from targets to artifacts in the output directory."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from livecd_rootfs import (
    archive,
    boxkey,
    importmemory,
    kernel,
    mmdebstrap,
    process,
    prune,
    sandbox,
    signals,
    toolsroot,
)
from livecd_rootfs.archive import Question
from livecd_rootfs.build import (
    base,
    environment,
    events,
    executor,
    installdir,
    loops,
    newroot,
    output,
    recipes,
    sealing,
    signing,
    toolsstep,
)
from livecd_rootfs.build.assumption import ArchiveChanged, Assumption, at_once
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.executor import Orders
from livecd_rootfs.build.failure import BuildsFailed
from livecd_rootfs.build.forest import Forest, forest
from livecd_rootfs.build.installdir import InstallDirectory
from livecd_rootfs.build.plan import Base, BaseKind, BuildPlan
from livecd_rootfs.build.provenance import Origin
from livecd_rootfs.build.recipes import Kitchen
from livecd_rootfs.build.runner import Runner
from livecd_rootfs.build.signing import Signer
from livecd_rootfs.build.visit import Visit, Visitor, no_visit
from livecd_rootfs.build.workspace import Workspace, is_read_only, open_workspace
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import artifacts
from livecd_rootfs.importmemory import ImportMemory
from livecd_rootfs.layers import flatten, layout, overlay
from livecd_rootfs.layers.digests import Digests
from livecd_rootfs.layers.key import Recipe
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Lease, Store
from livecd_rootfs.project import Project
from livecd_rootfs.resolve import Resolution
from livecd_rootfs.settings import Settings, host_architecture, proxies
from livecd_rootfs.steps import dpkg
from livecd_rootfs.tools import Mode, Toolbox

# The layers of the store, which are read once in a run.
Stored = Callable[[], tuple[Layer, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for.

    Attributes:
        project: tree and settings.
        targets: words of the command line, one for each build; a comma list is one build.
        base: where the root comes from.
        tools: where tools come from.
        output: directory for the artifacts.
        cache: the cache directory.
        jobs: how many steps run at the same time.
        offline: take the newest root there is instead of asking the archive.
        keep: where copies of the finished build directories go; ``None`` keeps none.
        terminal: open a shell on it where a step fails; ``None`` opens none.
        environ: the user's environment.
    """

    project: Project
    targets: Sequence[str]
    base: Base
    tools: Mode
    output: Path
    cache: Path
    jobs: int
    offline: bool
    keep: Path | None
    environ: Mapping[str, str]
    terminal: int | None = None


def build(request: Request, listen: Listener) -> None:
    """Build, and publish the artifacts of every build that goes well.

    Raises:
        BuildsFailed: some failed; the others' artifacts are there all the same.
        LivecdError: nothing could be built.
    """
    started = time.monotonic()
    planted, resolutions = plant(request)
    output.check(request.output)
    if request.keep is not None:
        output.check(request.keep, "--keep")
    install_directory_of(request)  # before anything is built, not after
    recipes.check_files(planted, request.environ)
    recipes.check_tools(planted, Toolbox(mode=request.tools))
    if signer := signer_of(request.project.settings):
        signer.check()
    try:
        _run(request, planted, resolutions, listen)
    except BuildsFailed as failures:
        _tell_end(request, started, len(failures.failures), listen)
        raise
    _tell_end(request, started, 0, listen)


def install_directory_of(request: Request) -> InstallDirectory | None:
    """Where the build script's files are shown.

    Raises:
        LivecdError: something else is there.
    """
    return installdir.of(request.project.settings, request.environ)


def signer_of(settings: Settings) -> Signer | None:
    """Who signs SHA256SUMS.

    Raises:
        UsageError: the setting names no key.
    """
    return signing.parse(settings.text("sign_key"), settings.origin("sign_key"))


def _tell_end(request: Request, started: float, failed: int, listen: Listener) -> None:
    seconds = time.monotonic() - started
    listen(events.RunEnded(seconds=seconds, failed=failed, output=request.output))


def plant(request: Request) -> tuple[Forest, Mapping[tuple[str, ...], Resolution]]:
    """The prefix tree of what was asked for, and the resolutions by their targets.

    Raises:
        LivecdError: the targets can't be resolved, or two builds provide one artifact.
    """
    resolutions = [request.project.resolve([word]) for word in request.targets]
    plans = [request.project.plan(each, request.base, request.tools) for each in resolutions]
    return forest(plans), {each.targets: each for each in resolutions}


def _take_own_mounts() -> None:
    """Have all that is mounted from here on end with this process.

    Raises:
        LivecdError: the kernel refuses it.
    """
    try:
        kernel.private_mounts()
    except OSError as error:
        raise LivecdError(
            "no mounts can be made here",
            why=error.strerror,
            remedy="a container must allow mounts and namespaces to build images in it, and its"
            " / must be a mount, which that of a plain chroot is not",
        ) from error


def _run(
    request: Request,
    planted: Forest,
    resolutions: Mapping[tuple[str, ...], Resolution],
    listen: Listener,
) -> None:
    _take_own_mounts()
    _detach_lost_loops(request.cache, listen)
    # Who gets a shell in a failed step must not lose it to a changed archive.
    question = question_of(request) if request.terminal is None else None
    last = question.last() if question else None
    if question is None or last is None:
        _execute(request, planted, resolutions, listen)
        return
    assumption = Assumption(question=question, state=last, listen=listen)
    try:
        _execute(request, planted, resolutions, listen, assumption=assumption)
    except ArchiveChanged as changed:
        _execute(request, planted, resolutions, listen, known=changed.state)


def _execute(
    request: Request,
    planted: Forest,
    resolutions: Mapping[tuple[str, ...], Resolution],
    told: Listener,
    *,
    assumption: Assumption | None = None,
    known: archive.State | None = None,
) -> None:
    """One run, with what the archive offers: known, or assumed, or asked for before."""
    listen = assumption.hear if assumption else told
    with ExitStack() as stack:
        workspace = stack.enter_context(open_workspace(request.cache))
        os.umask(sandbox.UMASK)  # what we make for hooks shall not depend on ours
        store = Store.open(request.cache)
        lease = stack.enter_context(store.lease())
        stored = cache(store.layers)
        kitchen = kitchen_of(request, planted, stored, assumption.state if assumption else known)
        logs = _logs(request.cache, workspace)
        if store.writable and not all(layer.seal for layer in stored()):
            stack.enter_context(sealing.beside(request.cache, logs))
        tools = stack.enter_context(toolsstep.opened(kitchen.tools_request, logs, listen))
        runner = Runner(
            kitchen=kitchen,
            resolutions=resolutions,
            store=store,
            lease=lease,
            workspace=workspace,
            logs=logs,
            tools_root=tools.root,
            known=lambda: tuple(layer.meta.recipe for layer in stored()),
            environ=request.environ,
            listen=listen,
            visit=_visit(request, listen),
        )
        orders = Orders(
            jobs=request.jobs,
            date=date_of(request, kitchen),
            durations=durations_of(stored()),
            confirmed=assumption.confirmed if assumption else at_once,
        )
        listen(events.RunStarted(forest=planted, logs=logs, jobs=orders.jobs, date=orders.date))
        publisher = _Publisher(
            request=request,
            workspace=workspace,
            store=store,
            lease=lease,
            listen=listen,
            installed=install_directory_of(request),
        )

        async def everything() -> None:
            tools.watch()
            work = executor.execute(planted, runner, orders, publisher.publish)
            await (assumption.beside(work) if assumption else work)

        signals.run(everything())


def _visit(request: Request, listen: Listener) -> Visit:
    if request.terminal is None:
        return no_visit
    return Visitor(terminal=request.terminal, environ=request.environ, listen=listen).visit


def _detach_lost_loops(cache_directory: Path, listen: Listener) -> None:
    for loop in loops.lost_in(cache_directory):
        loops.detach(loop)
        text = f"a killed run left the loop device {loop.device}, which is detached now"
        listen(events.Note(text=text))


def question_of(request: Request) -> Question | None:
    """What the archive is to be asked; ``None`` if nothing comes from there."""
    if request.offline or request.base.kind is not BaseKind.BOOTSTRAP:
        return None
    return Question(
        request=base.bootstrap_request(request.project.settings),
        environ=proxies(request.environ),
        cache=request.cache,
    )


def kitchen_of(
    request: Request, planted: Forest, stored: Stored, known: archive.State | None = None
) -> Kitchen:
    """What all recipes of a run are made from.

    Args:
        request: what was asked for.
        planted: the steps.
        stored: the layers of the store.
        known: what the archive offers; without it, it is asked here.

    Raises:
        LivecdError: the archive can't be reached, or the store has no root for --offline.
    """
    settings = request.project.settings
    bootstrap = base.bootstrap_request(settings)
    bootstrapped = request.base.kind is BaseKind.BOOTSTRAP
    from_store = request.offline and bootstrapped
    machine = settings.text("arch")
    wanted = toolsroot.Request(
        cache=request.cache, architecture=host_architecture(), machines=(machine,)
    )
    return Kitchen(
        tree=request.project.tree.resolve(),
        settings=settings,
        identity=environment.identity(settings, request.project.prefix),
        base=request.base,
        bootstrap=bootstrap,
        archive=known or _ask(request, planted, stored),
        root=_newest_root(settings, bootstrap, stored) if from_store else None,
        toolbox=Toolbox(mode=request.tools),
        tools_request=wanted if planted.tools else None,
        environ=_with_box_key(request, planted, Toolbox(mode=request.tools)),
        own=tuple(
            each.absolute() for each in (request.output, request.cache, request.keep) if each
        ),
        digests=Digests(request.cache),
        imports=memory_of(request),
    )


def memory_of(request: Request) -> ImportMemory:
    """What modules import, as the cache knows it."""
    return ImportMemory(path=request.cache / importmemory.FILE)


def _ask(request: Request, planted: Forest, stored: Stored) -> archive.State | None:
    """What the archive offers; while it is waited for, what must be read anyway is read."""
    question, tree = question_of(request), request.project.tree.resolve()

    def read() -> None:
        recipes.read_modules(tree, planted, memory_of(request))
        stored()

    return question.ask(meanwhile=read) if question else None


def _newest_root(settings: Settings, bootstrap: mmdebstrap.Request, stored: Stored) -> Recipe:
    return recipes.newest_root(bootstrap, base.skeleton_trees(settings, bootstrap), stored())


def _with_box_key(request: Request, planted: Forest, toolbox: Toolbox) -> Mapping[str, str]:
    """The environment, with the cache's key for boxes where one is made and nobody names a key."""
    headers = (node.step.header for node in planted.nodes)
    declared = {name for header in headers if header for name in header.env or ()}
    if boxkey.VARIABLE not in declared or request.environ.get(boxkey.VARIABLE):
        return request.environ
    kept = boxkey.kept(request.cache, toolbox)
    return {**request.environ, boxkey.VARIABLE: str(kept)}


def date_of(request: Request, kitchen: Kitchen) -> int | None:
    """The time that all files get: as set, else the archive's, else that of the given root."""
    text = request.project.settings.text("source_date_epoch")
    if text:
        return int(text)
    if kitchen.root is not None:
        return recipes.date_of(kitchen.root)
    if kitchen.archive is not None:
        return kitchen.archive.date
    if request.base.kind is BaseKind.DIRECTORY and request.base.path:
        return newroot.date_of_root(request.base.path)
    return None


def durations_of(stored: Iterable[Layer]) -> dict[str, float]:
    """How long each step took when it ran last."""
    layers = sorted(stored, key=lambda layer: layer.meta.created)
    return {layer.name: layer.meta.seconds for layer in layers}


def _logs(cache_directory: Path, workspace: Workspace) -> Path:
    """A new folder for the logs of this run, named by the time, so that they sort.

    A read-only cache makes no layers, so that there will be nothing to read in it.
    """
    folder = (workspace.path if is_read_only(cache_directory) else cache_directory) / "logs"
    with layout.telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # Resolved, for two builds that are compared have links to the logs of all builds.
        return Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=folder.resolve()))


def _wait_silently() -> None:
    """Nobody need know that another process flattens what this one publishes."""


def _is_plain_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Publisher:
    """Brings the artifacts of finished builds into the output directory."""

    request: Request
    workspace: Workspace
    store: Store
    lease: Lease
    listen: Listener
    installed: InstallDirectory | None

    def publish(self, plan: BuildPlan, chain: tuple[Layer, ...], aside: tuple[Layer, ...]) -> None:
        """Publish what one build made.

        Args:
            plan: the build.
            chain: the layers of its main line.
            aside: those of side branches, of which it took something.

        Raises:
            LivecdError: it lacks an artifact that it promised, or the output can't be written.
        """
        with self.workspace.slot() as slot:
            short = flatten.shortened(self.store, self.lease, chain, slot.build, _wait_silently)
            with overlay.mounted(overlay.lowers(short, self.store.layout.empty), slot.build):
                names = self._artifacts(plan, slot.build)
                made = output.publish(slot.build, names, self._place(plan, chain, aside))
                self._publish_folder(slot.build / f"{self.request.project.prefix}{artifacts.IMAGE}")
                self._keep(plan, slot.build)
                self._fill(aside)
                packages = dpkg.installed(slot.build / "chroot")
        self.listen(
            events.BuildEnded(
                plan=plan,
                output=self.request.output,
                artifacts=made.artifacts,
                attestations=made.attestations,
                packages=packages,
            )
        )

    def _publish_folder(self, folder: Path) -> None:
        """The image itself, with Format=directory."""
        if folder.is_dir():
            made = output.publish_folder(folder, self.request.output)
            self.listen(events.Note(text=f"{made}: a directory"))

    def _fill(self, aside: tuple[Layer, ...]) -> None:
        """The project's InstallDirectory, also where the build script need not run again."""
        count = self.installed.fill(aside) if self.installed else None
        if self.installed and count is not None:
            files = f"{count} file{'' if count == 1 else 's'}"
            self.listen(events.Note(text=f"{self.installed.path}: {files} of the build script"))

    def _place(
        self, plan: BuildPlan, chain: tuple[Layer, ...], aside: tuple[Layer, ...]
    ) -> output.Place:
        project = self.request.project
        return output.Place(
            directory=self.request.output,
            cache=self.request.cache.absolute(),
            made=chain[-1].meta.making,
            origin=Origin(
                prefix=project.prefix,
                targets=plan.targets,
                settings=project.settings,
                chain=chain,
                aside=aside,
            ),
            signer=signer_of(project.settings),
        )

    def _artifacts(self, plan: BuildPlan, folder: Path) -> tuple[str, ...]:
        """What the pruner keeps, whether or not a hook of the tree has run it."""
        settings = self.request.project.settings
        names = prune.prefixes(settings.text("project"), settings.text("subarch"))
        for absent in prune.survey(str(folder), tuple(plan.claims), names=names).missing:
            raise LivecdError(
                f"no hook made the artifact '{absent.name}'",
                place=plan.claims.get(absent.name),
                why="this line of a series file provides it",
                remedy="mend the hook that should make it, or remove the line",
            )
        choice = prune.survey(str(folder), tuple(plan.places), names=names)
        files = tuple(kept.name for kept in choice.kept if _is_plain_file(folder / kept.name))
        for name in sorted(plan.claims.keys() - set(files)):
            raise LivecdError(
                f"the artifact '{name}' is not a plain file",
                place=plan.claims[name],
                why="only such can be published: a link may lead anywhere, a device has no content",
                remedy="have its hook make a file of that name, or remove the line",
            )
        return files

    def _keep(self, plan: BuildPlan, folder: Path) -> None:
        if self.request.keep is None:
            return
        target = self.request.keep / "+".join(plan.targets)
        target.mkdir(parents=True, exist_ok=True)
        process.run(("cp", "-a", "--reflink=auto", "--", f"{folder}/.", f"{target}/"))
        self.listen(events.Note(text=f"the build directory of {'+'.join(plan.targets)}: {target}"))
