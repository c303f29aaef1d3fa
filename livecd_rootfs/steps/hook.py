"""The edge of a base hook: environment in, step, exit status out."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from livecd_rootfs import errors, kernel
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import context
from livecd_rootfs.steps.context import Context
from livecd_rootfs.tools import Toolbox

Step = Callable[[Context], str]
_FULL = (errno.ENOSPC, errno.EDQUOT)


def main(step: Step) -> int:
    """Run a step in the current directory and say in one line what it made.

    Args:
        step: the ``run`` function of a module of ``livecd_rootfs.steps``.

    Returns:
        the exit status.
    """
    try:
        _enter_namespace()
        message = step(_context())
    except LivecdError as error:
        sys.stderr.write(errors.render(error, Path(sys.argv[0]).name))
        return error.exit_code
    except OSError as error:
        sys.stderr.write(errors.render(_explain(error), Path(sys.argv[0]).name))
        return errors.EXIT_FAILURE
    sys.stdout.write(f"{message}\n")
    return 0


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


def _explain(error: OSError) -> LivecdError:
    """A full disk or an unreadable file, which any line of a step can meet."""
    return LivecdError(
        error.strerror or str(error),
        place=str(error.filename) if error.filename else None,
        remedy="free some space" if error.errno in _FULL else None,
    )
