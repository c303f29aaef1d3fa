"""The user's terminal: hand its keys through as they are, and give it back as it was."""

from __future__ import annotations

import contextlib
import os
import termios
import tty
from collections.abc import Iterator

from livecd_rootfs.errors import UsageError

CONTROLLING = "/dev/tty"


@contextlib.contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Hand each key through as it is, if this is a terminal, until the block is left."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextlib.contextmanager
def controlling() -> Iterator[int]:
    """The terminal that this program was started from, wherever its output goes.

    Raises:
        UsageError: there is none, as in CI.
    """
    try:
        descriptor = os.open(CONTROLLING, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            "there is no terminal to open a shell on",
            place=CONTROLLING,
            why=error.strerror,
            remedy="leave out --shell-on-failure where nobody sits",
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def copy_size(source: int, target: int) -> None:
    """Give one terminal the rows and columns of another."""
    termios.tcsetwinsize(target, termios.tcgetwinsize(source))


def write(descriptor: int, chunk: bytes) -> None:
    """Write all of it."""
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]
