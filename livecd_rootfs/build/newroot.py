"""The step that begins a target root: its command, in its sandbox, and what is seen to after it.

Its modules are part of the root's key, so it knows nothing of settings: an edit of
their table must bootstrap nothing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs import hostroot, mmdebstrap
from livecd_rootfs.build import library
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mmdebstrap import SYSTEM_PATH
from livecd_rootfs.mounts import Bind
from livecd_rootfs.packaging import NO_INITRAMFS
from livecd_rootfs.sandbox import Sandbox

GIVEN = "/livecd/base"
BUILD = "/build"
FOLDERS = ("chroot", "binary/boot", "config")
# The year in which vfat's calendar begins (its times can't say anything earlier).
EARLIEST = 315532800


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and the sandbox in which it makes the root."""

    sandbox: Sandbox
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """What a bootstrap puts into the root before packages.

    Attributes:
        files: where each of its trees lies outside, by its place inside.
        variables: what tells the step about them.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


NO_SKELETON = Skeleton()


def command(
    argv: tuple[str, ...],
    build: Path,
    environ: Mapping[str, str],
    *,
    given: Path | None,
    skeleton: Skeleton = NO_SKELETON,
) -> Command:
    """The command that fills ``chroot/``.

    Args:
        argv: its words.
        build: the build directory, which it sees as ``BUILD``.
        environ: proxies, and the date as SOURCE_DATE_EPOCH.
        given: a root, which it sees as ``GIVEN``.
        skeleton: what comes before packages.
    """
    files = skeleton.files
    own = library.variables(SYSTEM_PATH) if files else {}
    env = {"PATH": SYSTEM_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **NO_INITRAMFS}
    operations = (
        *hostroot.operations(),
        Bind(source=build, target=BUILD, writable=True),
        *((Bind(source=given, target=GIVEN),) if given else ()),
        *(library.operations() if files else ()),
        *(Bind(source=path, target=place) for place, path in files.items()),
    )
    seen = Sandbox(
        operations=operations, cwd=BUILD, env={**env, **environ, **own, **skeleton.variables}
    )
    return Command(sandbox=seen, argv=argv)


def lay_out(build: Path) -> None:
    """The folders of a build directory, as live-build makes them."""
    for folder in FOLDERS:
        (build / folder).mkdir(parents=True, exist_ok=True)


def settle(chroot: Path, *, bootstrapped: bool, place: Path) -> None:
    """Check that a root is there in which hooks can run, and make it independent of its maker.

    Args:
        chroot: the root.
        bootstrapped: whether it comes of a bootstrap.
        place: what it was made from, for the message.

    Raises:
        LivecdError: there is no shell in it.
    """
    if bootstrapped:
        mmdebstrap.settle(chroot)
    if not any((chroot / shell).exists() for shell in ("bin/sh", "usr/bin/sh")):
        raise LivecdError(
            "the base has no /bin/sh, so no hook can run in it",
            place=str(place),
            remedy="give the root itself, not a directory above it",
        )


def date_of_root(chroot: Path) -> int:
    """The date of a given root: when its packages last changed, else 1980.

    dpkg's status file is the one thing in a root that says that.
    """
    status = chroot / "var/lib/dpkg/status"
    return max(EARLIEST, int(status.stat().st_mtime)) if status.is_file() else EARLIEST
