"""Failures of steps, told with their place, their chain of reasons and their last words."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs.build.plan import Step
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import TAIL_LINES, describe_status

FULL_BELOW_BYTES = 65536
FREE_SPACE = "free some space, or choose another cache directory with --cache DIR"


class StepFailed(LivecdError):
    """A step that ended with a status other than 0."""


class BuildsFailed(LivecdError):
    """One or more failures of a run, each told on its own."""

    def __init__(self, failures: tuple[LivecdError, ...]) -> None:
        super().__init__(f"{len(failures)} steps failed")
        self.failures = failures


def failed(
    step: Step, status: int, log: Path, workspace: Path, files: Mapping[str, Path]
) -> StepFailed:
    """The error for a step: what, its place and chain, its last lines, its log.

    Args:
        step: what failed.
        status: of its command.
        log: what it printed.
        workspace: where it ran.
        files: the user's files that it saw, by the names that they had for it.
    """
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    for seen, path in sorted(files.items(), reverse=True):  # the longer name first
        lines = [line.replace(seen, str(path)) for line in lines]
    chain = tuple(f"via:  {link}" for link in step.chain)
    full = disk_is_full(workspace)
    return StepFailed(
        f"{step.name} {describe_status(status)}",
        place=step.place,
        why=f"no space left on the device of {workspace}" if full else None,
        notes=(*chain, *(f"| {line}" for line in lines)),
        remedy=FREE_SPACE if full else f"the whole log is {log}",
    )


def not_run(step: Step, error: OSError) -> StepFailed:
    """The error for a step that the file system, or the kernel, did not let us prepare or end."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StepFailed(
        f"{step.name} could not be run",
        place=str(error.filename2 or error.filename or step.place),
        why=error.strerror or str(error),
        remedy=FREE_SPACE if full else None,
    )


def disk_is_full(path: Path) -> bool:
    """Whether a file system has no room even for a log: then the log does not tell why."""
    found = os.statvfs(path)
    full = found.f_bavail * found.f_frsize < FULL_BELOW_BYTES
    return full or found.f_favail == 0 < found.f_files
