"""A user at a terminal: reads what a program shows there, and types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 60.0
SIZE = (30, 100)
HUNG_UP = b""


class Seat:
    """A program on a terminal of its own, which it is started from.

    Args:
        argv: the program.
        cwd: where it runs.
        env: its whole environment.
    """

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._keyboard, screen = pty.openpty()
        termios.tcsetwinsize(screen, SIZE)
        self.process = subprocess.Popen(
            ("setsid", "--ctty", "--wait", *argv),
            stdin=screen,
            stdout=screen,
            stderr=screen,
            cwd=cwd,
            env={**env, "TERM": "xterm"},
        )
        os.close(screen)
        self._read = b""
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._keyboard)  # which hangs up
        self.process.wait(SECONDS)

    def type(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def until(self, words: str) -> str:
        """Read until the words are shown; gives all that was shown since the last call."""
        deadline = time.monotonic() + SECONDS
        while words.encode() not in self._read:
            chunk = self._more(max(0.0, deadline - time.monotonic()))
            assert chunk, f"no {words!r} in {self._text()}"
            self._read += chunk
        before, found, self._read = self._read.partition(words.encode())
        return (before + found).decode(errors="replace")

    def leave(self) -> int:
        """Read on to the end; gives the exit status. What was shown is in ``shown``."""
        while chunk := self._more(SECONDS):
            self._read += chunk
        self.shown = self._text()
        return self.process.wait(SECONDS)

    def _more(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._keyboard], [], [], seconds)
        try:
            return os.read(self._keyboard, 65536) if ready else HUNG_UP
        except OSError:  # EIO: the program has gone
            return HUNG_UP

    def _text(self) -> str:
        return self._read.decode(errors="replace")
