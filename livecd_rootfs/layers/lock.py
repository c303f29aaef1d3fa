"""Locks of a store: one byte of a file for each key, free again when the process ends.

The files never grow and nothing has to be cleaned up: a byte that is locked need not exist.
The locks are those of an open file description (fcntl(2), F_OFD_SETLK), so threads of one
process that open the file each for themselves exclude each other as processes do. Two keys on
one byte, with 60 bits to choose from, would only wait for each other without need.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HEX_DIGITS = 15
# struct flock of 64-bit Linux: type, whence, start, length, pid (0 for these locks).
_FLOCK = "hhqqi4x"
_BUSY = (errno.EAGAIN, errno.EACCES)


class LockFile:
    """An open file whose bytes stand for keys.

    Args:
        path: the file; it must exist.
        writable: needed to hold a byte alone; a read-only store allows sharing only.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        flags = os.O_RDWR if writable else os.O_RDONLY
        self._descriptor = os.open(path, flags | os.O_CLOEXEC)

    def share(self, key: str) -> None:
        """Hold the byte with others; waits while someone holds it alone."""
        self._set(fcntl.F_OFD_SETLKW, fcntl.F_RDLCK, key)

    def take(self, key: str, on_wait: Callable[[], None]) -> None:
        """Hold the byte alone; ``on_wait`` is called once, before waiting for others."""
        if not self.try_take(key):
            on_wait()
            self._set(fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, key)

    def try_take(self, key: str) -> bool:
        """Hold the byte alone, if nobody holds it; says whether that is so."""
        try:
            self._set(fcntl.F_OFD_SETLK, fcntl.F_WRLCK, key)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        return True

    def is_held(self, key: str) -> bool:
        """Whether someone else holds the byte, alone or with others."""
        answer = self._set(fcntl.F_OFD_GETLK, fcntl.F_WRLCK, key)
        kind: int = struct.unpack(_FLOCK, answer)[0]
        return kind != fcntl.F_UNLCK

    def release(self, key: str) -> None:
        """Let the byte go, also for children that inherited the open file."""
        self._set(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, key)

    def close(self) -> None:
        """Let everything go, also for children that inherited the open file."""
        self._apply(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, start=0, length=0)
        os.close(self._descriptor)

    def _set(self, command: int, kind: int, key: str) -> bytes:
        return self._apply(command, kind, start=_byte(key), length=1)

    def _apply(self, command: int, kind: int, *, start: int, length: int) -> bytes:
        request = struct.pack(_FLOCK, kind, os.SEEK_SET, start, length, 0)
        return fcntl.fcntl(self._descriptor, command, request)


def _byte(key: str) -> int:
    """The byte of a key, or of any other name that stands where keys do."""
    digits = key[:HEX_DIGITS]
    return int(digits, 16) if re.fullmatch("[0-9a-f]+", digits) else 0


@contextmanager
def opened(path: Path, *, writable: bool) -> Iterator[LockFile]:
    """A lock file that is closed in the end."""
    file = LockFile(path, writable=writable)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def directory(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a whole directory while it is in use; waits for others."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


@contextmanager
def directory_if_free(path: Path) -> Iterator[bool]:
    """Hold a directory alone if nobody holds it; gives whether that is so."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
