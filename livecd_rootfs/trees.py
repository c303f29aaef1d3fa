"""Directory trees: removing one without ever crossing a mount."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from livecd_rootfs.errors import LivecdError


def remove(path: Path) -> None:
    """Remove a tree; links in it are removed, never followed.

    Nothing is removed at all while something is mounted below the path, and
    the walk goes through directory descriptors, so that a link put in its way
    can't lead it elsewhere.

    Raises:
        LivecdError: something is mounted in the tree, or it can't be removed.
    """
    below = mounts_below(path, Path("/proc/self/mountinfo").read_text())
    if below:
        raise LivecdError(
            f"{path} is not removed, since something is mounted in it",
            place=below[0],
            remedy=f"umount {below[0]}",
        )
    try:
        _remove_at(str(path), None, os.lstat(path).st_dev)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LivecdError(f"{path} could not be removed", why=str(error)) from error


def empty(path: Path) -> None:
    """Remove what a directory holds, as `remove` does."""
    for entry in path.iterdir():
        remove(entry)


def mounts_below(path: Path, mountinfo: str) -> tuple[str, ...]:
    """The mount points at or below a path, from the text of /proc/self/mountinfo (proc(5))."""
    top = os.path.realpath(path)
    points = (unescape(line.split(" ")[4]) for line in mountinfo.splitlines())
    return tuple(point for point in points if point == top or point.startswith(top + "/"))


def unescape(field: str) -> str:
    """A field of mountinfo as the path that it stands for (proc(5))."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _remove_at(name: str, parent: int | None, device: int) -> None:
    found = os.lstat(name) if parent is None else os.lstat(name, dir_fd=parent)
    if not stat.S_ISDIR(found.st_mode):
        os.unlink(name, dir_fd=parent)
        return
    if found.st_dev != device:
        raise OSError(f"{name} is on another file system")
    _remove_contents(name, parent, found, device)
    os.rmdir(name, dir_fd=parent)


def _remove_contents(name: str, parent: int | None, found: os.stat_result, device: int) -> None:
    # An overlay's work/work has mode 000, which stops an ordinary user.
    if stat.S_IMODE(found.st_mode) & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        for entry in os.listdir(descriptor):
            _remove_at(entry, descriptor, device)
    finally:
        os.close(descriptor)


def size(path: Path) -> int:
    """Bytes that a tree takes on disk, each hard-linked file once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            found = os.lstat(os.path.join(folder, name))
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                total += found.st_blocks * 512
    return total
