"""A directory for the files of one run; what killed runs left is removed by the next.

PARENT/PREFIXxxxxxxxx/lock       held while the run lasts
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

# A directory that another process makes just now has no lock yet.
_SETTLED_SECONDS = 60


@contextlib.contextmanager
def directory(prefix: str, parent: Path) -> Iterator[Path]:
    """A new directory that is gone when the block is left.

    Args:
        prefix: what its name begins with; those of killed runs that begin so are removed.
        parent: where it lies.

    Raises:
        OSError: it can't be made.
    """
    remove_stale(prefix, parent, time.time())
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        with (path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield path
    finally:
        trees.remove(path)


def remove_stale(prefix: str, parent: Path, now: float) -> None:
    """Remove the directories whose process is gone.

    Args:
        prefix: what their names begin with.
        parent: where they lie.
        now: seconds since 1970.
    """
    for path in parent.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if found.st_uid == os.geteuid() and found.st_mtime < now - _SETTLED_SECONDS:
                _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    with (path / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        trees.remove(path)
