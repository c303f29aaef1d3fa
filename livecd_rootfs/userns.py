"""Root without being root: the program again, as root of a user namespace.

An ordinary user with a range of subordinate ids (subuid(5)) is root in a
namespace of their own, where every owner that an image needs exists. The
program runs itself again there through unshare(1), which also gives it a PID
namespace, so that it may make more of them.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from livecd_rootfs import process, programs
from livecd_rootfs.errors import LivecdError

INSIDE = "LIVECD_USERNS"
UNSHARE = (
    "unshare",
    "--user",
    "--map-root-user",
    "--map-auto",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSwitch:
    """A kernel setting that can forbid user namespaces, and the value that does."""

    path: str
    forbids: str
    allow: str


SWITCHES = (
    KernelSwitch(
        path="kernel/unprivileged_userns_clone",
        forbids="0",
        allow="sysctl kernel.unprivileged_userns_clone=1",
    ),
    KernelSwitch(
        path="user/max_user_namespaces",
        forbids="0",
        allow="sysctl user.max_user_namespaces=10000",
    ),
    KernelSwitch(
        path="kernel/apparmor_restrict_unprivileged_userns",
        forbids="1",
        allow="sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


class NotRoot(LivecdError):
    """Neither root nor able to become root of a user namespace."""


def become_root(environ: Mapping[str, str], argv: Sequence[str]) -> None:
    """Return as root, or run the program again as root of a user namespace.

    Args:
        environ: environment of this process.
        argv: arguments of the program, without its name.

    Raises:
        NotRoot: user namespaces don't work here; the message says which setting
            forbids them and what to do.
    """
    if os.geteuid() == 0:
        return
    _check(environ)
    _run_again(environ, argv)


def _run_again(environ: Mapping[str, str], argv: Sequence[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    command = (*UNSHARE, "--", sys.executable, "-m", "livecd_rootfs", *argv)
    os.execvpe(command[0], command, {**environ, INSIDE: "1"})


def _check(environ: Mapping[str, str]) -> None:
    if INSIDE in environ:
        raise NotRoot("the user namespace did not make this process root")
    for program in ("unshare", "newuidmap"):
        if shutil.which(program) is None:
            raise NotRoot(
                f"building without root needs '{program}', which is not installed",
                remedy=f"{programs.remedy(program)}, or run as root",
            )
    if process.run((*UNSHARE, "--", "true"), check=False).status != 0:
        raise _diagnose(Path("/proc/sys"), Path("/etc/subuid"), _user_name())


def _diagnose(sysctl: Path, subuid: Path, user: str) -> NotRoot:
    """Say why a user namespace could not be made."""
    for switch in SWITCHES:
        file = sysctl / switch.path
        if file.is_file() and file.read_text().strip() == switch.forbids:
            return NotRoot(
                "this host forbids user namespaces, so a build needs root",
                place=str(file),
                why=f"it is set to {switch.forbids}",
                remedy=f"as root: {switch.allow}; or run as root",
            )
    if not _has_range(subuid, user):
        return NotRoot(
            f"the user {user} has no range of subordinate ids",
            place=str(subuid),
            remedy="as root: usermod --add-subuids 100000-165535 "
            f"--add-subgids 100000-165535 {user}; or run as root",
        )
    return NotRoot(
        "a user namespace can't be made here",
        why="no known setting forbids it, so it may be this container's own policy",
        remedy="run as root, or allow user namespaces and mounts in the container",
    )


def _has_range(subuid: Path, user: str) -> bool:
    """Whether subuid(5) lists the user, by name or by number."""
    if not subuid.is_file():
        return False
    owners = {line.partition(":")[0] for line in subuid.read_text().splitlines()}
    return bool(owners & {user, str(os.getuid())})


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
