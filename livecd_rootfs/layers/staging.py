"""A staging place: where a layer is made, on the store's file system or in memory."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import process, trees
from livecd_rootfs.layers import held
from livecd_rootfs.layers.layer import LOWER

WORK = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """The directories of a layer that is being made.

    Attributes:
        path: its directory in the store's ``staging/``.
        room: where the step writes: the same, or a directory in memory.
    """

    path: Path
    room: Path

    @property
    def layer(self) -> Path:
        """What becomes the layer."""
        return self.path / "layer"

    @property
    def diff(self) -> Path:
        """Upper directory of the build directory's overlay."""
        return self.room / "layer" / "diff"

    @property
    def work(self) -> Path:
        """Work directory that goes with it."""
        return self.room / WORK

    @property
    def overlays(self) -> Path:
        """Where the step may begin overlays: NAME/upper, NAME/work, NAME/lower."""
        return self.room / "layer" / "overlays"

    def going_on(self, name: str) -> tuple[Path, Path]:
        """Upper and work directory for an overlay that a layer before has begun."""
        place = self.room / "going-on" / name
        upper, work = place / "upper", place / WORK
        for folder in (upper, work):
            folder.mkdir(parents=True)
        return upper, work

    def keep_log(self, log: Path) -> None:
        """Put a copy of the step's log beside the layer."""
        shutil.copyfile(log, self.layer / "log")


@contextmanager
def opened(parent: Path, like: Path, room: Path | None) -> Iterator[Staging]:
    """A new staging place, gone in the end with all that has not become a layer.

    Args:
        parent: the store's ``staging/``.
        like: the directory whose owner, mode and times the merged one shall have.
        room: a directory in memory for what the step writes, copied at the commit.
    """
    with ExitStack() as stack:
        path = stack.enter_context(held.new(parent, "layer-"))
        scratch = path
        if room is not None:
            scratch = Path(tempfile.mkdtemp(prefix="layer-", dir=room))
            stack.callback(trees.remove, scratch)
        yield _fill(Staging(path=path, room=scratch), like)


def _fill(staging: Staging, like: Path) -> Staging:
    staging.layer.mkdir()
    for folder in (staging.diff, staging.overlays, staging.work):
        folder.mkdir(parents=True)
    _look_like(staging.diff, like)
    return staging


def _look_like(folder: Path, other: Path) -> None:
    """The root of an overlay has the owner, mode and times of the upper directory."""
    found = other.stat()
    os.chown(folder, found.st_uid, found.st_gid)
    folder.chmod(found.st_mode & 0o7777)
    os.utime(folder, ns=(found.st_atime_ns, found.st_mtime_ns))


def settle(staging: Staging) -> None:
    """Leave in ``layer/`` what a layer holds, when the step is over and nothing is mounted."""
    for folder in sorted(staging.overlays.iterdir()):
        trees.remove(folder / WORK)
    _adopt(staging)
    if not any(staging.overlays.iterdir()):
        staging.overlays.rmdir()
    if staging.room != staging.path:
        source = f"{staging.room / 'layer'}/."
        _copy(source, staging.layer)


def _copy(source: str, target: Path) -> None:
    """Copy a tree as it is; a full disk is an OSError, as it is for every other write here."""
    try:
        process.run(("cp", "-a", "--reflink=auto", "--", source, f"{target}/"))
    except process.CommandError as error:
        if os.strerror(errno.ENOSPC) in error.completed.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
        raise


def _adopt(staging: Staging) -> None:
    """Overlays that the step has gone on with belong to the layer, if it changed them.

    One that it began anew under the same name has taken their place.
    """
    going_on = staging.room / "going-on"
    for place in sorted(going_on.iterdir()) if going_on.is_dir() else ():
        changed = any((place / "upper").iterdir())
        target = staging.overlays / place.name
        if changed and not (target / LOWER).exists():
            trees.remove(target)
            target.mkdir()
            (place / "upper").rename(target / "upper")
