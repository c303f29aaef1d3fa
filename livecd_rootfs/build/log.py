"""The log of a step: a file that gets all that its command prints."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.build.forest import Node

LINE_BYTES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """An open log; ``descriptor`` appends."""

    path: Path
    descriptor: int


@contextmanager
def open_log(folder: Path, node: Node) -> Iterator[Log]:
    """A new log, called after the node's number and the step's name."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", node.step.name)
    path = folder / f"{node.number:02d}-{name}.log"
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o644)
    try:
        yield Log(path=path, descriptor=descriptor)
    finally:
        os.close(descriptor)


def last_line(path: Path) -> str:
    """The last line of a log; what a progress bar painted over itself counts as lines."""
    with path.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - LINE_BYTES))
        text = stream.read().decode(errors="replace").replace("\r", "\n")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
