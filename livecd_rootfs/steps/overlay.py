"""Overlays over a target root: a change to it that leaves ``chroot/`` as it is."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import kernel, mounts, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Overlay
from livecd_rootfs.steps.context import Context

LOWER = "lower"


@contextmanager
def passing(context: Context, lower: Path) -> Iterator[Path]:
    """An overlay for one step: gives its merged directory, and throws it away afterwards.

    The caller must be in a mount namespace of its own.

    Args:
        context: says where scratch files go.
        lower: what it lies over.

    Raises:
        LivecdError: no directory is fit for its upper directory.
    """
    with scratch(context) as folder:
        merged = folder / "merged"
        merged.mkdir()
        _mount(lower, folder, merged)
        try:
            yield merged
        finally:
            kernel.unmount(merged)


@contextmanager
def scratch(context: Context) -> Iterator[Path]:
    """A directory for one step where an overlay's upper directory may lie."""
    folder = Path(tempfile.mkdtemp(prefix="livecd-step-", dir=_scratch_base(context)))
    try:
        yield folder
    finally:
        trees.remove(folder)


@contextmanager
def kept(context: Context, overlays: Path, name: str, lower: str) -> Iterator[Path]:
    """An overlay in the build directory that later steps see as well.

    Its upper directory, and in the end a file that names the lower one, stay in
    ``overlays/NAME``; whoever runs the next step mounts it again.

    Args:
        context: the build.
        overlays: where it is kept, on no overlay itself.
        name: its directory in the build directory.
        lower: the lower directory, relative to the build directory.
    """
    place = overlays / name
    trees.remove(place)
    place.mkdir(parents=True)
    merged = context.build / name
    merged.mkdir(exist_ok=True)
    _mount(context.build / lower, place, merged)
    try:
        yield merged
    finally:
        kernel.unmount(merged)
    (place / LOWER).write_text(f"{lower}\n")


@contextmanager
def again(context: Context, overlays: Path, name: str) -> Iterator[Path]:
    """A kept overlay once more, with all that was changed in it, where no executor mounts it.

    Args:
        context: the build.
        overlays: where it is kept.
        name: its directory in the build directory.

    Raises:
        LivecdError: it can't be mounted.
    """
    place = overlays / name
    merged = context.build / name
    merged.mkdir(exist_ok=True)
    lower = context.build / (place / LOWER).read_text().strip()
    _mount_over(lower, place, merged)
    try:
        yield merged
    finally:
        kernel.unmount(merged)


def _mount(lower: Path, place: Path, merged: Path) -> None:
    if not lower.is_dir():
        raise LivecdError(
            "there is no target root",
            place=str(lower),
            remedy="run this hook in a build directory, with the root in its chroot/",
        )
    upper, work = place / "upper", place / "work"
    for folder in (upper, work):
        folder.mkdir()
    _take_over(lower, upper)
    _mount_over(lower, place, merged)


def _mount_over(lower: Path, place: Path, merged: Path) -> None:
    upper, work = place / "upper", place / "work"
    overlay = Overlay(target=str(merged), lowers=(lower,), upper=upper, work=work)
    try:
        mounts.mount_overlay(overlay, str(merged))
    except OSError as error:
        raise _refused(error, place) from error


def _take_over(lower: Path, upper: Path) -> None:
    """The merged directory has the owner, mode, times and attributes of the upper one."""
    found = lower.stat()
    os.chown(upper, found.st_uid, found.st_gid)
    shutil.copystat(lower, upper)


def _refused(error: OSError, place: Path) -> LivecdError:
    remedy = "set LIVECD_SCRATCH to a directory on a disk or a tmpfs"
    if error.errno == errno.EPERM:
        remedy = "run as root, or in a user namespace of Linux 5.11 or later"
    return LivecdError(
        "no overlay could be mounted", place=str(place), why=error.strerror, remedy=remedy
    )


def _scratch_base(context: Context) -> Path:
    """The first directory that is on no overlay, since an upper directory must not be there.

    Raises:
        LivecdError: there is none.
    """
    candidates = (context.scratch,) if context.scratch else _candidates(context.build)
    mountinfo = Path("/proc/self/mountinfo").read_text()
    for folder in candidates:
        if file_system(folder, mountinfo) != "overlay" and os.access(folder, os.W_OK):
            return folder
    raise LivecdError(
        "there is no place for temporary files of an image step",
        why=f"{', '.join(map(str, candidates))}: an overlay, or not writable",
        remedy="set LIVECD_SCRATCH to a directory on a disk or a tmpfs",
    )


def _candidates(build: Path) -> Sequence[Path]:
    return (Path(tempfile.gettempdir()), Path("/var/tmp"), build.parent)  # noqa: S108 (mkdtemp)


def file_system(path: Path, mountinfo: str) -> str:
    """The type of the file system that a path is on, from the text of /proc/self/mountinfo."""
    real = os.path.realpath(path)
    best, kind = "", ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4]
        below = real == point or real.startswith(point.rstrip("/") + "/")
        if below and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind
