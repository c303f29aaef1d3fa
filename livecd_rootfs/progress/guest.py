"""What a guest prints while it boots: on a terminal its last line, redrawn in one place."""

from __future__ import annotations

import shutil
from typing import TextIO

from livecd_rootfs.boot.watcher import Watcher

# ECMA-48, "erase in line": from the cursor to the end.
ERASE = "\x1b[K"


class GuestLine:
    """Shows the last line of a guest's console until it is closed, and lines that stay."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._watcher = Watcher()
        self._open = stream.isatty()

    def __call__(self, chunk: bytes, /) -> None:
        """Take what the console prints."""
        self._watcher.feed(chunk)
        if self._open:
            line = next(filter(_says_something, reversed(self._watcher.last_lines())), "")
            width = shutil.get_terminal_size().columns - 1
            self._write("".join(filter(str.isprintable, line))[:width])

    def tell(self, line: str) -> None:
        """Print a line that stays."""
        self._write("")
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def last_lines(self, count: int) -> tuple[str, ...]:
        """The end of what the guest printed, without control sequences."""
        return self._watcher.last_lines()[-count:]

    def close(self) -> None:
        """Give the terminal's line back; what comes later is not shown."""
        self._write("")
        self._open = False

    def _write(self, line: str) -> None:
        if self._open:
            self._stream.write(f"\r{line}{ERASE}")
            self._stream.flush()


def _says_something(line: str) -> bool:
    """Whether a line has words: boot loaders leave single signs behind as they redraw."""
    return any(map(str.isalnum, line))
