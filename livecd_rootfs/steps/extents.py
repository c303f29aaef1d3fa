"""The parts of a sparse file that hold data."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator


def of(descriptor: int) -> Iterator[tuple[int, int]]:
    """The parts of an open file that are no holes: first byte, and the one after the last.

    A file system that knows no holes gives one part, the whole file (lseek(2)).
    """
    end = 0
    while True:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end
