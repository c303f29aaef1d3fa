"""The directory for the files of one boot; what killed runs left is removed by the next.

TMP/livecd-boot-XXXXXXXX/lock       held while the boot runs
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs import trees

PREFIX = "livecd-boot-"
# A directory that another process makes just now has no lock yet.
_SETTLED_SECONDS = 60


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """A new directory that is gone when the block is left."""
    remove_stale(Path(tempfile.gettempdir()), time.time())
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        directory = Path(name)
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield directory


def remove_stale(parent: Path, now: float) -> None:
    """Remove the directories whose process is gone.

    Args:
        parent: where they lie.
        now: seconds since 1970.
    """
    for directory in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = directory.lstat()
            if found.st_uid == os.geteuid() and found.st_mtime < now - _SETTLED_SECONDS:
                _remove_unlocked(directory)


def _remove_unlocked(directory: Path) -> None:
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        trees.remove(directory)
