"""``auto/build``: live-build's stages, with what it has no place for between them.

bootstrap, early chroot hooks, chroot, installer, binary, source, names, pruner
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import process, project, prune, sandbox, settings, toolsroot, trees
from livecd_rootfs.build import chroot
from livecd_rootfs.build.environment import SYSTEM_PATH
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.hooksdir import PROVIDES_FILE
from livecd_rootfs.image import remove_files
from livecd_rootfs.livebuild import lb, options, published, written
from livecd_rootfs.livebuild import request as requests
from livecd_rootfs.livebuild.config import CONFIG, Call
from livecd_rootfs.livebuild.request import NO_HOOKS
from livecd_rootfs.normalhooks import NORMAL
from livecd_rootfs.project import Project
from livecd_rootfs.resolve import split_targets
from livecd_rootfs.settings import Settings
from livecd_rootfs.steps import rooted
from livecd_rootfs.tools import Mode, Toolbox, mode_named
from livecd_rootfs.variants import MINIMIZED

STAGES = ("bootstrap", "chroot", "installer", "binary", "source")
EARLY_DONE = "livecd_chroot_early"
# Without this mark a build that goes on after a failure would first put the bootstrapped
# root in the place of the one in which packages are installed already.
RESTORED = "bootstrap_cache.restore"
EARLY = "*.chroot_early"
HOST_RESOLVER, STUB = Path("/etc/resolv.conf"), "run/systemd/resolve/stub-resolv.conf"
# Stages of Debian's live-build that make a live system, and none of what hooks make. One
# that is marked as done is left out; the mark is how live-build goes on after a failure.
LIVE_STAGES = (
    "binary_chroot",
    "binary_grub-efi",
    "binary_grub-pc",
    "binary_grub_cfg",
    "binary_syslinux",
    "binary_tar",
)
PACKING = "binary_rootfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build directory that auto/config has prepared.

    Attributes:
        call: how auto/build was called.
        written: what auto/config has written for hooks.
        environ: the environment of all stages.
    """

    call: Call
    written: Mapping[str, str]
    environ: Mapping[str, str]

    @property
    def hooks(self) -> Path:
        """The hooks directory."""
        return self.call.place / CONFIG / "hooks"


def run(call: Call) -> None:
    """Build the image targets that auto/config was asked for.

    Args:
        call: its options go to each stage.

    Raises:
        LivecdError: a stage or a hook failed. Nothing of it is mounted then.
    """
    build = _opened(call)
    _refuse_dangling(build.hooks)
    written.begin(call.place)
    try:
        for stage in STAGES:
            _before(stage, build)
            lb.run((stage, *call.options), call.place, build.environ)
    finally:
        for point in lb.unmount_all(call.place):
            call.say(f"{point} was left mounted; it is not any more")
    _finish(build)


def _opened(call: Call) -> Build:
    told = written.read(call.place / written.SETTINGS)
    environ = {**call.environ, **told}
    environ.setdefault("SOURCE_DATE_EPOCH", str(int(time.time())))
    tools = _tools(call, told)
    return Build(
        call=call,
        written=told,
        environ={
            **environ,
            **tools.environment(),
            "PYTHONPATH": str(call.place / CONFIG),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


def _tools(call: Call, told: Mapping[str, str]) -> Toolbox:
    """The host's tools, and the tools root where these won't do; made if it is not there."""
    mode = mode_named(call.environ.get("LIVECD_TOOLS") or Mode.AUTO.value)
    given = call.environ.get("LIVECD_TOOLS_ROOT")
    if given or not _needed(call, told, mode):
        return Toolbox(mode=mode, root=Path(given) if given else None)
    wanted = toolsroot.Request(
        cache=settings.cache_directory(None, call.environ),
        architecture=settings.host_architecture(),
        machines=(told["ARCH"],),
    )
    environ = settings.proxies(call.environ)
    root = toolsroot.ensure(wanted, environ=environ, progress=call.say)
    return Toolbox(mode=mode, root=root)


def _needed(call: Call, told: Mapping[str, str], mode: Mode) -> Mapping[str, str]:
    if told["IMAGEFORMAT"] == NO_HOOKS:
        return {}
    found = Project(tree=call.place / CONFIG / "hooks.d", settings=_settings(told))
    resolution = found.resolve(split_targets([told["IMAGE_TARGETS"]]))
    return project.needed_tools(found.headers(resolution), mode)


def _settings(told: Mapping[str, str]) -> Settings:
    loaded, _ = settings.load({}, told, Path("/nonexistent"))
    return loaded


def _refuse_dangling(hooks: Path) -> None:
    """Debian's live-build skips such a link and says nothing."""
    dangling = sorted(path for path in hooks.rglob("*") if path.is_symlink() and not path.exists())
    if dangling:
        raise LivecdError(
            f"{dangling[0].name} is a link to nothing",
            place=str(dangling[0]),
            why="live-build would leave it out without a word",
            notes=tuple(f"likewise {path}" for path in dangling[1:]),
            remedy="run `lb config` again",
        )


def _before(stage: str, build: Build) -> None:
    root = build.call.place / "chroot"
    if stage == "chroot":
        (build.call.place / written.STAGE_FILES / RESTORED).touch()
        _lend_name_servers(root)
        if build.written["SUBPROJECT"] == MINIMIZED:
            remove_files.without_documents(root)
        _run_early_hooks(build)
    elif stage == "installer":
        _empty_run(root / "run")
    elif stage == "binary":
        _leave_out_live_system(build)


def _lend_name_servers(root: Path) -> None:
    """Where systemd-resolved's package makes resolv.conf a link to, while nobody runs it."""
    if HOST_RESOLVER.is_file():
        rooted.write(root, STUB, HOST_RESOLVER.read_bytes())


def _empty_run(folder: Path) -> None:
    """In every system a file system in memory lies over it."""
    if folder.is_dir() and not folder.is_symlink():
        trees.empty(folder)


def _run_early_hooks(build: Build) -> None:
    """Once, as live-build does with all that it has done."""
    done = build.call.place / written.STAGE_FILES / EARLY_DONE
    if done.exists():
        return
    for hook in sorted((build.hooks / NORMAL).glob(EARLY)):
        build.call.say(f"executing {hook.name}")
        _run_in_root(hook, build)
    done.touch()


def _run_in_root(hook: Path, build: Build) -> None:
    root, config = build.call.place / "chroot", build.call.place / CONFIG
    environ = {
        **settings.proxies(build.call.environ),
        **build.written,
        "PATH": SYSTEM_PATH,
        "HOME": "/root",
        "TERM": "dumb",
        "DEBIAN_FRONTEND": "noninteractive",
        "SOURCE_DATE_EPOCH": build.environ["SOURCE_DATE_EPOCH"],
    }
    seen = chroot.sandbox(root, config, environ, network=True)
    with chroot.scaffold(root, hook.resolve()) as inside:
        ended = sandbox.run(seen, (inside,), output=sys.stdout.fileno(), check=False)
    if ended.status != 0:
        raise LivecdError(
            f"{hook.name} {process.describe_status(ended.status)}",
            place=str(hook.resolve()),
            remedy="see above what it printed last",
        )


def _leave_out_live_system(build: Build) -> None:
    place = build.call.place
    if not (build.hooks / NORMAL).is_dir():
        return  # the older live-build has an option for each of these
    (place / published.BOOT).mkdir(parents=True, exist_ok=True)
    packed = build.written["IMAGEFORMAT"] not in ("", NO_HOOKS)
    for stage in (*LIVE_STAGES, *(() if packed else (PACKING,))):
        (place / written.STAGE_FILES / stage).touch()


def _finish(build: Build) -> None:
    place, told = build.call.place, build.written
    request, _ = requests.load({**told, "NOW": told["BUILDSTAMP"]}, Path("/nonexistent"))
    published.publish(place, told["PREFIX"], options.kernel_flavours(request))
    names = prune.prefixes(told["PROJECT"], told["SUBARCH"])
    provided = prune.read_provides(str(build.hooks / PROVIDES_FILE))
    choice = prune.survey(str(place), provided, names=names)
    prune.prune(str(place), choice)
    for line in prune.report(choice).splitlines():
        build.call.say(line)
