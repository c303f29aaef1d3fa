"""Parts of a file, each read from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from livecd_rootfs.inspection.tree import digest_of


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Files that lie one after the other in another: offset and length by path."""

    path: Path
    ranges: Mapping[str, tuple[int, int]]

    def read(self, path: str) -> bytes:
        """The content of one file."""
        with self.path.open("rb") as stream:
            return Window(stream, *self.ranges[path]).read()

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of files, in the order in which they lie."""
        with self.path.open("rb") as stream:
            return {
                path: digest_of(Window(stream, *self.ranges[path]))
                for path in sorted(paths, key=self.ranges.__getitem__)
            }
