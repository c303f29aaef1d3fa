"""Directories that live as long as their maker: held (flock), removed in the end or by the next run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.layers import lock


@contextmanager
def new(parent: Path, prefix: str) -> Iterator[Path]:
    """A new directory, held while it is used and removed in the end.

    Raises:
        OSError: it can't be made.
        LivecdError: it can't be removed.
    """
    with ExitStack() as stack:
        # Shared with other makers: only who removes stale ones waits for us, and never comes
        # between the moment when a directory is made and the one when it is held.
        with lock.directory(parent, shared=True):
            path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            stack.enter_context(lock.directory(path))
        stack.callback(trees.remove, path)
        yield path


def remove_stale(parent: Path) -> tuple[Path, ...]:
    """Remove the directories whose maker is no longer alive; gives what was removed."""
    removed = []
    with lock.directory_if_free(parent) as free:
        for path in sorted(parent.iterdir()) if free else ():
            # A living maker may be removing its own meanwhile.
            with suppress(FileNotFoundError), lock.directory_if_free(path) as dead:
                if dead:
                    trees.remove(path)
                    removed.append(path)
    return tuple(removed)


def living(parent: Path) -> tuple[Path, ...]:
    """The directories whose maker lives."""
    found = []
    for path in sorted(parent.iterdir()) if parent.is_dir() else ():
        with suppress(FileNotFoundError), lock.directory_if_free(path) as dead:
            if not dead:
                found.append(path)
    return tuple(found)
