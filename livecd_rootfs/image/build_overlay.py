"""The build overlay: the root with what only building needs, which the image never sees.

Its lower directory is the target root. What build packages and the user's scripts
change or remove there goes into an upper directory that lives on from one step to
the next: removed files stay removed. What is built leaves it by ``dest`` alone.

In our own build its steps are a side branch, so it is gone when they are over;
under live-build, whose hooks share one directory, the last of them removes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.steps import overlay
from livecd_rootfs.steps.context import Context

ROOT = "build-root"
DEST = "dest"
BRANCH = "build"
# Where it is kept under live-build.
KEPT = "build-overlay"


@contextmanager
def begun(context: Context) -> Iterator[Path]:
    """A new build overlay; gives the root that is mounted there."""
    with overlay.kept(context, _overlays(context), ROOT, context.chroot.name) as root:
        yield root


@contextmanager
def opened(context: Context) -> Iterator[Path]:
    """The build overlay as earlier steps have left it, or a new one if none has begun it."""
    root = context.build / ROOT
    if os.path.ismount(root):  # by the executor, for an earlier step has begun it
        yield root
    elif (_overlays(context) / ROOT / overlay.LOWER).is_file():
        with overlay.again(context, _overlays(context), ROOT) as root:
            yield root
    else:
        with begun(context) as root:
            yield root


def dest(context: Context) -> Path:
    """What was built: in our own build that of the side branch, read-only."""
    branches = context.variables.get("LIVECD_BRANCHES")
    return Path(branches, BRANCH, DEST) if branches else context.build / DEST


def remove(context: Context) -> None:
    """Remove the overlay and what was built, where no executor does so."""
    if context.overlays is None:
        for name in (KEPT, ROOT, DEST):
            trees.remove(context.build / name)


def _overlays(context: Context) -> Path:
    return context.overlays or context.build / KEPT
