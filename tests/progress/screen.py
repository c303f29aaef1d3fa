"""A terminal for tests: what was written to it, and what it would show."""

from __future__ import annotations

import io
import re

# Where rich goes up over the last frame to draw the next, and all other control sequences.
UP = re.compile(r"\r\x1b\[2K(?:\x1b\[1A\x1b\[2K)+")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def frame(self) -> list[str]:
        """The lines of the last frame."""
        last = UP.split(self.getvalue())[-1]
        return [line.strip() for line in CONTROL.sub("", last).splitlines()]
