"""A bootstrap by mmdebstrap(1): the request, its command line, and its failures in plain words."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from livecd_rootfs import hostroot, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Bind
from livecd_rootfs.process import CommandError, CommandMissing, Completed
from livecd_rootfs.running import follow
from livecd_rootfs.sandbox import Sandbox

PROGRAM = "mmdebstrap"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOTES = 8


class Moment(Enum):
    """When a hook of mmdebstrap runs (mmdebstrap(1), "OPERATION")."""

    SETUP = "setup"
    EXTRACT = "extract"
    ESSENTIAL = "essential"
    CUSTOMIZE = "customize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A shell line that mmdebstrap runs outside of the root, which is its ``$1``."""

    moment: Moment
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A root to be made.

    Attributes:
        suite: the release.
        target: the directory that becomes the root; empty, or not there yet.
        mirror: where packages come from; ``None`` is what mmdebstrap knows for the suite.
        architecture: in the distribution's words; ``None`` is the host's.
        variant: which packages are there without being asked for.
        packages: which are asked for.
        components: parts of the archive; empty is mmdebstrap's default.
        keyring: file or directory of the archive's keys; ``None`` is apt's own.
        apt_options: lines of apt.conf, kept in the root.
        dpkg_options: lines of dpkg.cfg, kept in the root.
        hooks: run in this order.
        options: more arguments for mmdebstrap; hooks in them run before the others.
    """

    suite: str
    target: Path
    mirror: str | None = None
    architecture: str | None = None
    variant: str = "apt"
    packages: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    keyring: Path | None = None
    apt_options: tuple[str, ...] = ()
    dpkg_options: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()
    options: tuple[str, ...] = ()

    def asking(self, *, setup: str, target: Path) -> Request:
        """The same archive and suite, for one set-up hook alone."""
        hook = Hook(moment=Moment.SETUP, command=setup)
        return replace(self, hooks=(hook,), target=target, packages=(), options=())


def argv(request: Request) -> tuple[str, ...]:
    """The command line of a request.

    The mode is always ``root``: who is not root calls it in a user namespace,
    and gets the same files as root does (see ``settle`` for the one exception).
    """
    return (
        *(PROGRAM, "--mode=root", "--format=directory", f"--variant={request.variant}"),
        *_option("architectures", request.architecture),
        *_option("components", ",".join(request.components)),
        *_option("keyring", request.keyring),
        *_option("include", ",".join(request.packages)),
        *(f"--aptopt={line}" for line in request.apt_options),
        *(f"--dpkgopt={line}" for line in request.dpkg_options),
        *request.options,
        *(f"--{hook.moment.value}-hook={hook.command}" for hook in request.hooks),
        *(request.suite, str(request.target)),
        *((request.mirror,) if request.mirror else ()),
    )


def _option(name: str, value: object) -> tuple[str, ...]:
    return (f"--{name}={value}",) if value else ()


def bootstrap(
    request: Request,
    *,
    environ: Mapping[str, str],
    on_line: Callable[[str], None],
) -> None:
    """Make the root, in a sandbox that sees the host's root and may write to the target alone.

    Args:
        request: what to make; the directory above the target must exist.
        environ: variables for mmdebstrap, such as proxies and SOURCE_DATE_EPOCH.
        on_line: called with each line that mmdebstrap prints.

    Raises:
        CommandMissing: mmdebstrap is not installed.
        LivecdError: it failed; the target is then not fit for use, and is left to the caller.
    """
    if shutil.which(PROGRAM, path=SYSTEM_PATH) is None:
        raise missing()
    request.target.mkdir(exist_ok=True)
    shown = Bind(source=request.target, target=str(request.target), writable=True)
    env = {"HOME": "/root", "LC_ALL": "C.UTF-8", **environ, "PATH": SYSTEM_PATH}
    seen = Sandbox(operations=(*hostroot.operations(), shown), env=env)
    completed = follow(seen, argv(request), on_line)
    if completed.status != 0:
        raise failure(request, completed)
    settle(request.target)


def settle(root: Path) -> None:
    """Make a fresh root independent of who made it.

    Only real root can make device nodes, and no booted or entered root uses
    those that lie in its directory.
    """
    trees.empty(root / "dev")


def missing() -> LivecdError:
    """The failure that mmdebstrap itself is not there."""
    return CommandMissing(PROGRAM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause of failure, known by what apt, dpkg or mmdebstrap print in the C locale.

    Attributes:
        pattern: a regular expression; its first group is the ``{0}`` of the texts.
        message: what went wrong; ``{suite}``, ``{source}`` and ``{target}`` are the request's.
        remedy: what to do.
    """

    pattern: str
    message: str
    remedy: str


_NETWORK_REMEDY = (
    "check the network; a proxy is taken from http_proxy, another archive by --mirror; "
    "`build --offline` takes the newest cached root"
)
_AGAIN = "run it again; if it stays, try another archive by --mirror"

# The first that matches counts, so what causes others stands above them.
CAUSES = (
    Cause(
        pattern=r"No space left on device|You don't have enough free space",
        message="no space is left to bootstrap in {target}",
        remedy="free some space there, or choose another place with --cache",
    ),
    Cause(
        pattern=r"Disk quota exceeded",
        message="the disk quota does not allow to bootstrap in {target}",
        remedy="free some space there, or choose another place with --cache",
    ),
    Cause(
        pattern=r"Could not resolve '([^']+)'|Temporary failure resolving '([^']+)'",
        message="the archive's host '{0}' is not known to the network",
        remedy=_NETWORK_REMEDY,
    ),
    Cause(
        pattern=r"(?:Could not|Unable to|Cannot initiate the) connect(?:ion)? to (\S+)",
        message="the archive at {0} can't be reached",
        remedy=_NETWORK_REMEDY,
    ),
    Cause(
        pattern=r"NO_PUBKEY (\w+)|is not signed|signatures? (?:couldn't be verified|were invalid)",
        message="the signature of the archive for '{suite}' can't be verified",
        remedy="install the distribution's keyring (debian-archive-keyring, ubuntu-keyring)",
    ),
    Cause(
        pattern=r"Release file for .* is (?:expired|not valid yet)",
        message="the archive for '{suite}' is out of date, or this machine's clock is wrong",
        remedy="check the clock with `date`",
    ),
    Cause(
        pattern=r"invalid mirror: (\S+)",
        message="'{0}' is no mirror",
        remedy="write something like --mirror http://HOST/debian, or a line of sources.list",
    ),
    Cause(
        pattern=r"does not have a Release file",
        message="{source} has no suite '{suite}'",
        remedy="check its spelling; old and other suites may need --mirror",
    ),
    Cause(
        pattern=r"Unable to locate package (\S+)|Package '(\S+)' has no installation candidate",
        message="'{suite}' has no package '{0}'",
        remedy="check its spelling, and --components",
    ),
    Cause(
        pattern=r"(\S+) can neither be executed natively nor via qemu user emulation",
        message="this machine can't run programs for {0}",
        remedy="apt-get install arch-test qemu-user-static binfmt-support",
    ),
    Cause(
        pattern=r"cannot find (\S*/qemu-\S+)",
        message="this machine lacks {0}, which runs programs of another architecture",
        remedy="apt-get install qemu-user-static",
    ),
    Cause(
        pattern=r"error processing package (\S+)",
        message="the package {0} could not be configured in the new root",
        remedy="the lines above tell which of its scripts failed",
    ),
    Cause(
        pattern=r"unmet dependencies|but it is not (?:going to be installed|installable)",
        message="these packages can't be installed together in '{suite}'",
        remedy="the lines above tell which; leave one out",
    ),
    Cause(
        pattern=r"Connection (?:failed|timed out|reset)|Error reading from server|"
        r"Hash Sum mismatch|Undetermined Error|Failed to fetch (\S+)|Server closed",
        message="the archive broke off in the middle of the transfer",
        remedy=_AGAIN,
    ),
    Cause(
        pattern=r"(?m)^skeleton-trees: (.+)\n  (?:at|why|help):",
        message="the skeleton trees can't be put into the root: {0}",
        remedy="the lines above tell which; mend it, or SkeletonTrees",
    ),
    Cause(
        pattern=r"need to be root",
        message="a bootstrap needs root, or root of a user namespace",
        remedy="run as root",
    ),
)

_NOISE = re.compile(
    r"^(?:[IW]: |Reading package lists|Building dependency tree|Ign:|Get:|Hit:|Fetched |"
    r"Selecting |Preparing |Unpacking |Setting up |\(Reading |Processing triggers|"
    r"E: (?:mmdebstrap failed to run|setup failed(?!: E: cannot find)|apt-get |Some index files|Couldn't create temp))"
)


def failure(request: Request, completed: Completed) -> LivecdError:
    """The failure of a bootstrap: what it was, mmdebstrap's own last words, and what to do."""
    text = completed.stdout + completed.stderr
    if "mmdebstrap: not found" in text:
        return missing()
    telling = [line for line in text.splitlines() if line.strip() and not _NOISE.match(line)]
    notes = tuple(f"| {line}" for line in telling[-NOTES:])
    for cause in CAUSES:
        found = re.search(cause.pattern, text)
        if found:
            return LivecdError(
                cause.message.format(
                    _first_group(found),
                    suite=request.suite,
                    source=request.mirror or "the distribution's archive",
                    target=request.target,
                ),
                notes=notes,
                remedy=cause.remedy,
            )
    return CommandError(completed)


def _first_group(found: re.Match[str]) -> str:
    return next((group for group in found.groups() if group), "?").rstrip(".,:")


def milestone(line: str) -> str | None:
    """What mmdebstrap says it does now, if the line says so: ``downloading packages with apt``."""
    found = re.match(r"I: (\w+ing .*?)\.\.\.$", line)
    return found.group(1) if found else None
