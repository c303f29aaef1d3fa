"""The root as it goes into an output: without what other partitions hold, at times of the build."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from livecd_rootfs import trees
from livecd_rootfs.image import times
from livecd_rootfs.image.bootplan import ESP
from livecd_rootfs.steps import overlay, rooted
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.vfat import File

_INIT = "usr/lib/systemd/systemd"


@contextmanager
def of_disk(context: Context) -> Iterator[Path]:
    """The root of a disk, whose EFI system partition is another one."""
    with overlay.passing(context, context.chroot) as root:
        folder = rooted.resolve(root, ESP)
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                trees.remove(path)
            else:
                path.unlink()
        if folder.is_dir():
            os.utime(folder, (context.epoch, context.epoch))
        yield root


@contextmanager
def of_archive(context: Context, *, starts: bool) -> Iterator[Path]:
    """The root for formats that take times as they are.

    Args:
        context: the build.
        starts: whether a kernel is to unpack and start it, which it does by ``/init``.
    """
    with overlay.passing(context, context.chroot) as root:
        init = root / "init"
        if starts and not os.path.lexists(init) and rooted.first_file(root, _INIT):
            init.symlink_to(_INIT)
        times.clamp(root, context.epoch)
        yield root


def esp_files(context: Context) -> tuple[File, ...]:
    """What goes onto the EFI system partition."""
    folder = rooted.resolve(context.chroot, ESP)
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple(
        File(path=PurePosixPath(path.relative_to(folder)), content=path.read_bytes())
        for path in found
    )
