"""The outer edge of the thin scripts: where their output, errors and exit codes go."""

from __future__ import annotations

import errno
import os
import sys

from livecd_rootfs.errors import EXIT_FAILURE, EXIT_INTERRUPTED, LivecdError, render
from livecd_rootfs.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


class Outcome(Value):
    """What a command says to its caller.

    Attributes:
        status: the exit status.
        out: for standard output.
        err: for standard error.
    """

    status: int
    out: str
    err: str


def main(program: str, command: Callable[[], Outcome], *, failure: int = EXIT_FAILURE) -> int:
    """Run a command, print what it says, and give the exit status.

    Args:
        program: the name that error messages begin with.
        command: what to run; its `LivecdError`, ``OSError`` and ^C become messages.
        failure: the exit status of a failure that is not one of usage.
    """
    try:
        outcome = command()
    except LivecdError as error:
        status = failure if error.exit_code == EXIT_FAILURE else error.exit_code
        outcome = Outcome(status=status, out="", err=render(error, program))
    except OSError as error:
        outcome = Outcome(status=failure, out="", err=f"{program}: {error}\n")
    except KeyboardInterrupt:
        outcome = Outcome(status=EXIT_INTERRUPTED, out="", err=f"{program}: interrupted\n")
    _write(sys.stderr, outcome.err)
    try:
        _write(sys.stdout, outcome.out)
    except OSError as error:
        _write(sys.stderr, f"{program}: can't write to standard output: {error.strerror}\n")
        return failure
    return outcome.status


def _write(stream: TextIO | None, text: str) -> None:
    """Write past Python's buffers, which would fail once more when Python ends.

    A reader that went away, as ``head`` does, is no failure.
    """
    if stream is None:
        return  # it was closed before Python started
    data = _encode(text, stream.encoding)
    try:
        while data:
            data = data[os.write(stream.fileno(), data) :]
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise


def _encode(text: str, encoding: str) -> bytes:
    """File names come back as the bytes that they are; what can't be shown is escaped."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")
