"""Who shows a running build: a live table on a terminal, plain lines in a log, JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TextIO

from livecd_rootfs.build.events import Listener
from livecd_rootfs.progress.jsonlines import JsonLines
from livecd_rootfs.progress.plain import Plain


class Form(Enum):
    """How progress is shown."""

    AUTO = "auto"
    TERMINAL = "terminal"
    PLAIN = "plain"
    JSON = "json"


def listener(form: Form, stream: TextIO) -> Listener:
    """The listener for a form; ``auto`` is the live table where the stream is a terminal."""
    if form is Form.JSON:
        return JsonLines(stream)
    if form is Form.PLAIN or (form is Form.AUTO and not stream.isatty()):
        return Plain(stream)
    from livecd_rootfs.progress.terminal import Terminal  # rich takes long to import

    return Terminal(stream)


@contextmanager
def showing(form: Form, stream: TextIO) -> Iterator[Listener]:
    """A listener for a form; the terminal is given back in the end, however that comes."""
    listen = listener(form, stream)
    try:
        yield listen
    finally:
        close = getattr(listen, "close", None)
        if close is not None:
            close()
