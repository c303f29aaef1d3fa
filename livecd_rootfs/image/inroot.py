"""Running a command with a target root as its root, and leaving no trace of that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from livecd_rootfs import quietroot, sandbox, values
from livecd_rootfs.mounts import Operation
from livecd_rootfs.network import proxies
from livecd_rootfs.process import Completed
from livecd_rootfs.sandbox import Sandbox, User
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(
    context: Context,
    root: Path,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    network: bool = False,
    binds: Sequence[Operation] = (),
    cwd: str = "/",
    user: User | None = None,
    stdin: str | None = None,
    shown: bool = False,
    check: bool = True,
    quiet: bool = True,
) -> Completed:
    """Run a command to its end.

    It has /proc, /dev, /sys, /run and /tmp of its own, finds the host's name
    servers, and no package can start a service. What it was given is gone from
    the root afterwards, mount points too.

    Args:
        context: the build.
        root: the target root: ``context.chroot``, or what is mounted over it.
        argv: program and arguments, as they are inside.
        env: more variables, or others, than those of every command.
        network: whether it has the network; else only a loopback device.
        binds: what else is mounted, with targets inside.
        cwd: working directory inside.
        user: as whom it runs, root if nobody is named.
        stdin: text for its input.
        shown: what it prints goes where this process prints to, and is not captured.
        check: raise when the status is not 0.
        quiet: name servers and a policy-rc.d lie in the root meanwhile. Who neither asks
            for an address nor starts a service may want the root as it is.

    Raises:
        CommandError: it failed.
        SandboxError: it was never started.
        LivecdError: the root's links lead out of it.
    """
    seen = Sandbox(
        root=root,
        operations=tuple(_inside(root, each) for each in (*quietroot.operations(root), *binds)),
        cwd=cwd,
        env={**environment(context, network=network), **(env or {})},
        network=network,
        user=user,
    )
    quieted = quietroot.quiet(root) if quiet else nullcontext()
    with quieted, _without_mount_points(root, seen.operations):
        return sandbox.run(
            seen, argv, stdin=stdin, output=output_descriptor() if shown else None, check=check
        )


def environment(context: Context, *, network: bool) -> dict[str, str]:
    """The variables of every command in a root; with the network, where its proxies are."""
    return {
        **context.environment(),
        "PATH": PATH,
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "DEBIAN_FRONTEND": "noninteractive",
        **(proxies(context.variables) if network else {}),
    }


def output_descriptor() -> int | None:
    """Where this process prints to, for a command that prints after it."""
    sys.stdout.flush()
    return sys.__stdout__.fileno() if sys.__stdout__ else None


def _inside(root: Path, operation: Operation) -> Operation:
    """The operation where the root's own links lead: mounting itself would follow them outside."""
    place = rooted.resolve(root, operation.target).relative_to(root)
    return values.replaced(operation, target=f"/{place}")


@contextmanager
def _without_mount_points(root: Path, operations: Sequence[Operation]) -> Iterator[None]:
    """Remove what only mounting has made in the root; what a command wrote there stays."""
    made = [path for each in operations for path in _missing(root, each.target)]
    try:
        yield
    finally:
        for path in sorted(set(made), reverse=True):
            _remove_if_empty(path)


def _missing(root: Path, target: str) -> Iterator[Path]:
    """The paths in the root that mounting on ``target`` is going to make."""
    path = root / target.lstrip("/")
    while path != root and not os.path.lexists(path):
        yield path
        path = path.parent


def _remove_if_empty(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            path.rmdir()
        elif path.stat().st_size == 0:
            path.unlink()
