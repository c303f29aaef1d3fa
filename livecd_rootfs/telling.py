"""Failures as they are told: each in full, with what it consists of."""

from __future__ import annotations

from livecd_rootfs.build.failure import BuildsFailed
from livecd_rootfs.diagnostics import full
from livecd_rootfs.errors import LivecdError, render
from livecd_rootfs.project import Findings


def texts(error: LivecdError, program: str) -> tuple[str, ...]:
    """What is printed of an error: a text for each finding or failed step in it.

    Args:
        error: what stopped a command.
        program: the name that each text begins with.
    """
    if isinstance(error, Findings):
        return tuple(full.render(each, program=program) for each in error.diagnostics)
    failures = error.failures if isinstance(error, BuildsFailed) else (error,)
    return tuple(render(each, program) for each in failures)
