"""A part of a file, read from its beginning to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO


@dataclass(slots=True)
class Window:
    """``length`` bytes of a stream from ``start`` on; nobody else may move in it meanwhile."""

    stream: IO[bytes]
    start: int
    length: int

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size`` of them."""
        count = self.length if size < 0 else min(size, self.length)
        self.stream.seek(self.start)
        content = self.stream.read(count)
        self.start += len(content)
        self.length = self.length - len(content) if content else 0
        return content
