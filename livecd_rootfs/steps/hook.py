"""The edge of a base hook: environment in, step, what it says and an exit status out."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from livecd_rootfs import edge, kernel, signals
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import context
from livecd_rootfs.steps.context import Context
from livecd_rootfs.tools import Toolbox

Step = Callable[[Context], str]
_FULL = (errno.ENOSPC, errno.EDQUOT)


def main(step: Step) -> int:
    """Run a step in the current directory and print in one line what it made.

    Args:
        step: the ``run`` function of a module of ``livecd_rootfs.steps``.

    Returns:
        the exit status.
    """
    return edge.main(Path(sys.argv[0]).name, lambda: _outcome(step))


def _outcome(step: Step) -> Outcome:
    signals.raise_on_signals()
    # What a step adds to a root has the same modes everywhere.
    os.umask(0o022)
    _enter_namespace()
    try:
        message = step(_context())
    except OSError as error:
        raise _full(error) from error
    return Outcome(status=0, out=f"{message}\n", err="")


def _context() -> Context:
    return context.from_environment(
        os.environ,
        Path.cwd(),
        tools=Toolbox.from_environment(os.environ),
        now=int(time.time()),
    )


def _enter_namespace() -> None:
    """Leave the caller's mounts alone: whatever a step mounts ends with its process."""
    try:
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    except PermissionError as error:
        raise LivecdError(
            "an image step needs root, or a user namespace",
            why=str(error),
            remedy="build with `livecd-rootfs build`, which makes one, or run as root",
        ) from error


def _full(error: OSError) -> Exception:
    """A full disk, which any line of a step can meet; any other error stays as it is."""
    if error.errno not in _FULL:
        return error
    place = str(error.filename) if error.filename else None
    return LivecdError(str(error.strerror), place=place, remedy="free some space")
