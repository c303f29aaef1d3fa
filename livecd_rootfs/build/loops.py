"""Loop devices that a hook has left behind: found by the file that they show, and detached.

Names don't tell whose a device is: the hook saw its file in a mount namespace that is gone.
The file system and inode number do (linux/loop.h, ``struct loop_info64``).
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.layers import held

SYSTEM = Path("/sys/block")
DEVICES = Path("/dev")
_LOOP_GET_STATUS64 = 0x4C05
_LOOP_CLR_FD = 0x4C01
# struct loop_info64: device (packed as stat(2) does it) and inode come first of its 232 bytes.
_INFO_BYTES = 232
_DEVICE_AND_INODE = "QQ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop device that shows a file.

    Attributes:
        device: its name, such as ``loop3``.
        file: the file's name as the kernel tells it, from where it was mounted.
        system: number of the file's file system (stat(2), st_dev).
        inode: the file's inode number.
    """

    device: str
    file: str
    system: int
    inode: int


def attached() -> tuple[Loop, ...]:
    """The loop devices in use, as far as this user may look."""
    names = sorted(path.parts[3] for path in SYSTEM.glob("loop*/loop"))
    return tuple(loop for name in names if (loop := _look(name)) is not None)


def _look(device: str) -> Loop | None:
    """What a device shows; ``None`` if it has just been detached, or is not ours to see."""
    try:
        with _opened(device) as descriptor:
            info = fcntl.ioctl(descriptor, _LOOP_GET_STATUS64, bytes(_INFO_BYTES))
        file = (SYSTEM / device / "loop" / "backing_file").read_text().strip()
    except OSError:
        return None
    system, inode = struct.unpack_from(_DEVICE_AND_INODE, info)
    return Loop(device=device, file=file, system=system, inode=inode)


@contextmanager
def _opened(device: str) -> Iterator[int]:
    descriptor = os.open(DEVICES / device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def left_in(build: Path, *folders: Path) -> tuple[Loop, ...]:
    """The loop devices that show a file of a step's own.

    Args:
        build: where the step's overlay is mounted: each file of that file system counts, also
            one that has been removed since.
        folders: other directories that are the step's own, on a file system that others use.
    """
    found = attached()
    if not found:
        return ()
    system = build.stat().st_dev
    own = {system} - {build.parent.stat().st_dev}
    inside = {place for folder in folders for place, _ in _files(folder)}
    return tuple(
        loop for loop in found if loop.system in own or (loop.system, loop.inode) in inside
    )


def lost_in(cache: Path) -> tuple[Loop, ...]:
    """The loop devices that killed runs have left: none while another run works in the cache.

    They show a file of the cache, most often through an overlay that is mounted nowhere any
    more. That gives its files the inode numbers of its directories, which are on the disk.
    """
    found = [loop for loop in attached() if not _has_its_name_outside(loop, cache)]
    if not found or held.living(cache / "builds"):
        return ()
    mounted = _mounted(Path("/proc/self/mountinfo").read_text())
    files = dict(_files(cache))
    names = {(inode, name) for (_, inode), name in files.items()}
    return tuple(
        loop
        for loop in found
        if (loop.system, loop.inode) in files
        or (loop.system not in mounted and (loop.inode, Path(loop.file).name) in names)
    )


def _has_its_name_outside(loop: Loop, cache: Path) -> bool:
    """Whether the file is elsewhere for certain, as those of somebody's own devices are.

    Many a host has dozens of these, and to look through a large cache takes time.
    """
    try:
        status = Path(loop.file).stat()
    except OSError:
        return False
    same = (status.st_dev, status.st_ino) == (loop.system, loop.inode)
    return same and not Path(loop.file).is_relative_to(cache.resolve())


def _mounted(mountinfo: str) -> frozenset[int]:
    """The file systems of the text of /proc/self/mountinfo (proc(5)), by their numbers."""
    numbers = (line.split(" ")[2].split(":") for line in mountinfo.splitlines())
    return frozenset(os.makedev(int(major), int(minor)) for major, minor in numbers)


def _files(folder: Path) -> Iterator[tuple[tuple[int, int], str]]:
    """Each file below a directory: its file system and inode number, and its name."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                status = os.lstat(Path(parent, name))
                yield (status.st_dev, status.st_ino), name


def detach(loop: Loop) -> None:
    """Detach a device; one that something still holds open goes when that lets it go.

    Raises:
        OSError: it can't be detached.
    """
    with _opened(loop.device) as descriptor:
        fcntl.ioctl(descriptor, _LOOP_CLR_FD)
