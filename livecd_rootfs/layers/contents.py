"""What is known of files' contents, so that a file is read again only when it may have changed.

A file is known by device, inode, size and both of its times, as in git's index. They do
not tell of a second change within one tick of the file system's clock, so a file that
had just been changed when it was read is not taken for known (git's documentation,
technical/racy-git).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import file_digest
from io import FileIO
from pathlib import Path

from livecd_rootfs import cachefile

# Coarser than the clock of any file system: vfat counts in two seconds.
TICK_NS = 2_000_000_000
# Below this reading them all is as quick.
WORTH_KEEPING = 1000
_BATCH = 64
_THREADS = 2


def read(files: Sequence[tuple[str, os.stat_result]]) -> dict[str, str]:
    """The sha256 of each file, by path; hashing big ones leaves the interpreter free for another."""
    paths = [path for path, _ in files]
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        digests = pool.map(lambda batch: [_content(path) for path in batch], batches)
        return dict(zip(paths, (each for batch in digests for each in batch), strict=True))


def _content(path: str) -> str:
    with FileIO(path) as file:
        return file_digest(file, "sha256").hexdigest()


class Contents:
    """The contents of one tree's files.

    Args:
        kept: the file that remembers them from run to run; ``None`` if none does.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._known: Mapping[str, str] | None = None

    def of(self, files: Sequence[tuple[str, os.stat_result]], since: int) -> dict[str, str]:
        """The sha256 of each file, by path.

        Args:
            files: paths, with the status that each had before this call.
            since: when the first of these was taken, in nanoseconds since 1970.

        Raises:
            OSError: one can't be read.
        """
        known = self._before() if self._known is None else self._known
        names = {path: _name(status) for path, status in files}
        missing = [each for each in files if names[each[0]] not in known]
        fresh = read(missing)
        found = {path: fresh.get(path) or known[name] for path, name in names.items()}
        sure = {names[path]: found[path] for path, status in files if _is_sure(status, since)}
        if sure != known:
            self._keep(sure)
        self._known = sure
        return found

    def _before(self) -> Mapping[str, str]:
        """What an earlier run knew; nothing if its file is damaged."""
        if self._kept is None:
            return {}
        with suppress(OSError, ValueError):
            known = json.loads(self._kept.read_bytes())
            if isinstance(known, dict):
                return known
        return {}

    def _keep(self, sure: Mapping[str, str]) -> None:
        if self._kept is not None and len(sure) >= WORTH_KEEPING:
            cachefile.keep(self._kept, json.dumps(sure, separators=(",", ":")))


def _name(status: os.stat_result) -> str:
    times = f"{status.st_mtime_ns}:{status.st_ctime_ns}"
    return f"{status.st_dev}:{status.st_ino}:{status.st_size}:{times}"


def _is_sure(status: os.stat_result, since: int) -> bool:
    return is_old(max(status.st_mtime_ns, status.st_ctime_ns), since)


def is_old(change: int, since: int) -> bool:
    """Whether any change after ``since`` has another time than this one, both in nanoseconds."""
    return change < since - TICK_NS
