"""Mounting a chain of layers, with a place for what is written, in the current mount namespace.

One thing in which an overlay is no plain directory: a step that writes to a file which a layer
below has under several names (hard links), or renames one of them, changes that name only; the
others keep the old file. To remove a name, or to write anew and rename over it, is right.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import kernel
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers.layer import Layer

# The kernel's limit (OVL_MAX_STACK in fs/overlayfs/super.c).
MOST_LOWERS = 500
# ``userxattr`` is the only mode that works without root, and a layer that was written in one
# mode must be read in it. ``index`` and ``metacopy`` are off because an upper directory is used
# again over others (kernel documentation, filesystems/overlayfs).
MODE = "userxattr,index=off,metacopy=off"
# No fsync of a step and no unmounting waits for the disk: what is cut short is thrown away.
VOLATILE = "volatile"
_CLONE_FS = 0x200  # linux/sched.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Where the changes to an overlay go; both on one file system that is no overlay.

    Attributes:
        upper: the changes; an absolute path.
        work: the kernel's own directory, empty; likewise.
    """

    upper: Path
    work: Path


def lowers(chain: Sequence[Layer], empty: Path) -> tuple[Path, ...]:
    """The lower directories of a chain of layers, oldest first; in the kernel's order.

    Args:
        chain: the layers.
        empty: an empty directory, below all of them.
    """
    return (*(layer.diff for layer in reversed(chain)), empty)


@contextmanager
def mounted(lowers: Sequence[Path], target: Path, changes: Changes | None = None) -> Iterator[Path]:
    """An overlay, mounted on ``target`` and taken away in the end.

    The caller must be in a mount namespace of its own, of which other threads may be too.

    Args:
        lowers: absolute paths of lower directories, uppermost first; one alone needs ``changes``.
        target: an existing directory, absolute.
        changes: where changes go; without it the overlay is read-only.

    Raises:
        LivecdError: it can't be mounted, or something in it is still in use in the end.
    """
    _mount(lowers, target, changes)
    try:
        yield target
    finally:
        _unmount(target)


def _mount(lowers: Sequence[Path], target: Path, changes: Changes | None) -> None:
    if len(lowers) > MOST_LOWERS:
        raise LivecdError(
            f"an overlay of {len(lowers)} layers can't be mounted",
            place=str(target),
            why=f"the kernel takes {MOST_LOWERS} at most",
        )

    def mount() -> None:
        _enter_names(target)
        kernel.mount("overlay", target, "overlay", 0, _options(lowers, changes))

    try:
        # A thread, for it can have a working directory of its own: the process's is everyone's.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(mount).result()
    except OSError as error:
        raise _refused(error, target) from error


def _enter_names(target: Path) -> None:
    """Make an empty directory in memory the thread's own working directory.

    It is mounted only for a moment: detached, it lasts as long as someone works in it.
    """
    kernel.unshare(_CLONE_FS)
    kernel.mount("tmpfs", target, "tmpfs")
    os.chdir(target)
    kernel.unmount(target, kernel.MNT_DETACH)


def _options(lowers: Sequence[Path], changes: Changes | None) -> str:
    """The mount options, with each directory under a name of few letters, made where we are.

    The mount call takes one page of options, which 500 long names would not fit in; nor need
    colons and commas be quoted.
    """
    short = [_short(f"{number:x}", lower) for number, lower in enumerate(lowers)]
    options = ["lowerdir=" + ":".join(short), MODE]
    if changes is not None:
        upper, work = _short("u", changes.upper), _short("w", changes.work)
        options += [f"upperdir={upper}", f"workdir={work}", VOLATILE]
    return ",".join(options)


def _short(name: str, directory: Path) -> str:
    Path(name).symlink_to(directory)
    return name


def _unmount(target: Path) -> None:
    try:
        kernel.unmount(target)
    except OSError as error:
        raise LivecdError(
            "an overlay could not be unmounted", place=str(target), why=error.strerror
        ) from error


def _refused(error: OSError, target: Path) -> LivecdError:
    remedy = "choose a cache on a disk or a tmpfs with --cache DIR"
    if error.errno == errno.EPERM:
        remedy = "run as root, or in a user namespace of Linux 5.11 or later"
    return LivecdError(
        "an overlay could not be mounted", place=str(target), why=error.strerror, remedy=remedy
    )
