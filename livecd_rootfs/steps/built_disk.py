"""The disk of the build, for the steps that make something else of it."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps.context import Context

DISK = "binary/boot/disk-uefi.ext4"


def require(context: Context, what: str) -> Path:
    """The disk, for a step that makes something else of it.

    Args:
        context: the build.
        what: what it makes, with its article.

    Raises:
        LivecdError: the step that makes it has not run before.
    """
    for path in (context.build / DISK, context.artifact(".manifest")):
        if not path.is_file():
            raise LivecdError(
                f"there is no disk to make {what} of",
                place=str(path.relative_to(context.build)),
                why="it does not exist",
                remedy="the series file needs `depends disk` above this hook",
            )
    return context.build / DISK
