"""The tools roots that a cache keeps: what they take, who uses them, and removing one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.toolsroot import DIGEST, LOCK, STAGING

_KEY = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A tools root.

    Attributes:
        path: where it is.
        size: bytes that it takes.
        last_used: in seconds since 1970.
        in_use: whether a process uses it now.
    """

    path: Path
    size: int
    last_used: float
    in_use: bool

    @property
    def key(self) -> str:
        """The digest of what was asked for."""
        return self.path.name

    def remove(self) -> bool:
        """Remove it, unless it is in use; says whether it is gone.

        Raises:
            LivecdError: it can't be removed.
        """
        with _alone(self.path) as free:
            if not free:
                return False
            staging = self.path.with_suffix(STAGING)
            trees.remove(staging)
            with contextlib.suppress(FileNotFoundError):
                self.path.rename(staging)
            trees.remove(staging)
        return True


def kept(cache: Path) -> tuple[Kept, ...]:
    """All tools roots of a cache, those used longest ago first."""
    folder = (cache / "tools").resolve()
    if not folder.is_dir():
        return ()
    found = (_kept(path) for path in folder.iterdir() if _KEY.fullmatch(path.name))
    listed = [each for each in found if each is not None]
    return tuple(sorted(listed, key=lambda each: (each.last_used, each.key)))


def _kept(path: Path) -> Kept | None:
    """What is told of a tools root; ``None`` if it has just been removed."""
    lock = path.with_suffix(LOCK)
    try:
        last_used = (lock if lock.exists() else path / DIGEST).stat().st_mtime
        size = trees.size(path)
    except FileNotFoundError:
        return None
    with _alone(path) as free:
        return Kept(path=path, size=size, last_used=last_used, in_use=not free)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold the lock of a tools root, if nobody uses it; gives whether that is so."""
    try:
        lock = os.open(path.with_suffix(LOCK), os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644)
    except OSError:  # a cache that can only be read: nobody removes anything there
        yield True
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = not _is_mounted(path)
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mount:
    """A mount: its device, what of that file system is mounted, and where (proc(5), mountinfo)."""

    device: str
    root: str
    point: str


def _mounts(mountinfo: str) -> Iterator[_Mount]:
    for line in mountinfo.splitlines():
        _, _, device, root, point, *_ = line.split(" ")
        yield _Mount(device=device, root=trees.unescape(root), point=trees.unescape(point))


def _is_mounted(path: Path) -> bool:
    """Whether a process sees it somewhere, as what was started by a killed one may."""
    own = list(_mounts(Path("/proc/self/mountinfo").read_text(errors="replace")))
    holder = max(
        (mount for mount in own if path.is_relative_to(mount.point)),
        key=lambda mount: len(mount.point),
    )
    inside = Path(holder.root) / path.relative_to(holder.point)
    return any(
        mount.device == holder.device and Path(mount.root).is_relative_to(inside)
        for text in _mounts_of_processes()
        for mount in _mounts(text)
    )


def _mounts_of_processes() -> Iterator[str]:
    """The text of each mountinfo that may be read."""
    seen = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            namespace = (process / "ns/mnt").readlink()
            if namespace not in seen:
                seen.add(namespace)
                yield (process / "mountinfo").read_text(errors="replace")
