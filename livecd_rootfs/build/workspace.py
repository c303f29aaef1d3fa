"""A workspace: the folder in which one run of the builder works, gone when it is over.

Layout below ``<cache>/builds/<name>/``, which is held (flock) while the run lives:

    slots/N/   one for each step that runs at the same time: merged, config, scratch, branches
    memory/    a tmpfs for steps that write a lot of small files
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import held


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The folders of one running step.

    Attributes:
        path: its folder in the workspace.
    """

    path: Path

    @property
    def build(self) -> Path:
        """The build directory, as hooks know it from live-build: where the layers are mounted."""
        return self.path / "merged"

    @property
    def chroot(self) -> Path:
        """The target root."""
        return self.build / "chroot"

    @property
    def config(self) -> Path:
        """The configuration as the step sees it."""
        return self.path / "config"

    @property
    def branches(self) -> Path:
        """Where side branches that the step joins are mounted."""
        return self.path / "branches"

    @property
    def scratch(self) -> Path:
        """Room on a plain file system."""
        return self.path / "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The folders of one run."""

    path: Path

    @property
    def memory(self) -> Path:
        """Where a tmpfs may be mounted."""
        return self.path / "memory"

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Folders for one step, removed when it is over.

        Raises:
            LivecdError: there is no room for them.
        """
        try:
            slot = Slot(path=Path(tempfile.mkdtemp(prefix="slot-", dir=self.path)))
        except OSError as error:
            raise _unusable(self.path, error) from error
        try:
            _fill(slot)
            yield slot
        finally:
            trees.remove(slot.path)


def _fill(slot: Slot) -> None:
    try:
        for folder in (slot.build, slot.config, slot.scratch):
            folder.mkdir()
    except OSError as error:
        raise _unusable(slot.path, error) from error


@contextmanager
def open_workspace(cache: Path) -> Iterator[Workspace]:
    """A new workspace, removed at the end; those of killed builds are removed first.

    Args:
        cache: the cache directory; where that can only be read the workspace lies in TMPDIR.

    Raises:
        LivecdError: the cache can't be written.
    """
    with ExitStack() as stack:
        try:
            path = stack.enter_context(_folder(cache))
        except OSError as error:
            raise _unusable(cache, error) from error
        yield Workspace(path=path)


def is_read_only(cache: Path) -> bool:
    """Whether there is a cache that can only be read: enough for a build that has all its layers."""
    return cache.is_dir() and not os.access(cache, os.W_OK)


@contextmanager
def _folder(cache: Path) -> Iterator[Path]:
    if is_read_only(cache):
        place, prefix = Path(tempfile.gettempdir()), "livecd-build-"
    else:
        place, prefix = cache / "builds", "build-"
        place.mkdir(parents=True, exist_ok=True)
        held.remove_stale(place)
    with held.new(place, prefix) as path:
        Workspace(path=path).memory.mkdir()
        yield path


def _unusable(cache: Path, error: OSError) -> LivecdError:
    remedy = "free some space" if error.errno == errno.ENOSPC else "choose another with --cache DIR"
    return LivecdError(
        "the cache directory can't be written", place=str(cache), why=error.strerror, remedy=remedy
    )
