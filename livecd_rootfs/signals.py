"""Signals that end the program: each becomes an exception, so that every clean-up runs."""

from __future__ import annotations

import signal
from types import FrameType

from livecd_rootfs.errors import Interrupted


def raise_on_signals() -> None:
    """Have ^C, SIGTERM and SIGHUP raise Interrupted where the program is."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Only the first one counts: clean-up must not be interrupted by the next ^C."""
    del frame
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    name = signal.Signals(number).name
    raise Interrupted(f"interrupted ({name}); nothing was left behind")
