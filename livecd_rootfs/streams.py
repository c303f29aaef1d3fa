"""The standard streams of a program: all three are there, and take any text."""

from __future__ import annotations

import io
import os
import sys


def settle() -> None:
    """Make up for streams that the caller closed, and for an encoding that lacks characters.

    A descriptor that is closed would be the next file's that is opened, which then got what
    was meant for a stream. Where a locale's encoding lacks a character, ``?`` is shown.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, so this one
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def drop_output() -> None:
    """Forget what could not be written, so that Python does not try it again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
