"""Where things lie in a store, and the version of that; the README in every store is this text."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers.key import FORMAT

README = f"""\
This is the layer store of livecd-rootfs, format {FORMAT}. It can be removed at any time when
nothing is built, as a whole: everything in it can be made again.

VERSION             the number of the format; another program version may not read this one
layers/KEY/         one layer: what one step changed in the build directory
    diff/           the changes, as the upper directory of an overlay (mounted with userxattr):
                    a character device 0,0 hides a name, user.overlay.opaque=y a directory's
                    lower content
    overlays/NAME/  the same for an overlay that the step left mounted as NAME there
        upper/      its changes
        lower       the directory that it lies over; not there when the step only went on with
                    the overlay of a layer before
    meta.json       how the layer was made: its key's parts, on which making of the layer before
                    it, seconds, size in bytes, when; its own time says when it was last used
    log             what the step printed, if that was kept
    joined.json     if steps of another branch take something of what is there after this step:
                    the digests of those trees, by their paths in the build directory
    seal            the tree digest, written once everything is on the disk. A layer without a
                    seal counts as long as the machine has not been started anew since
staging/RANDOM/     a layer that is being made; held (flock) while its maker lives, and removed
                    by the next run if not. layer/ becomes layers/KEY by one rename
building            locks (fcntl, one byte for each key): held alone by who builds that layer
used                likewise: shared by who uses a layer, held alone by who removes it
empty/              an empty directory, below every chain of layers
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The names in a store.

    Attributes:
        path: the store.
    """

    path: Path

    @property
    def version(self) -> Path:
        """The number of the format."""
        return self.path / "VERSION"

    @property
    def layers(self) -> Path:
        """One directory for each layer, named by its key."""
        return self.path / "layers"

    @property
    def staging(self) -> Path:
        """Layers that are being made."""
        return self.path / "staging"

    @property
    def building(self) -> Path:
        """Locks of those who build."""
        return self.path / "building"

    @property
    def used(self) -> Path:
        """Locks of those who use a layer."""
        return self.path / "used"

    @property
    def empty(self) -> Path:
        """The lowest directory of every chain."""
        return self.path / "empty"


def create(layout: Layout) -> None:
    """Make what is missing of a store; VERSION comes last, so that with it all is there.

    Raises:
        LivecdError: it can't be written.
    """
    with telling(layout.path):
        for folder in (layout.layers, layout.staging, layout.empty):
            folder.mkdir(parents=True, exist_ok=True)
        for file in (layout.building, layout.used):
            file.touch()
        _write(layout.path / "README", README)
        _write(layout.version, f"{FORMAT}\n")


def _write(path: Path, text: str) -> None:
    ready = path.with_name(f"{path.name}.{os.getpid()}")
    ready.write_text(text, encoding="utf-8")
    ready.rename(path)


def is_there(layout: Layout) -> bool:
    """Whether there is a store, of this format.

    Raises:
        LivecdError: there is one of another format, or it can't be read.
    """
    with telling(layout.path):
        try:
            found = layout.version.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return False
    if found != str(FORMAT):
        raise LivecdError(
            f"the layer store has format {found or '(none)'}, and this version writes {FORMAT}",
            place=str(layout.version),
            remedy=f"choose another place with --cache DIR, or remove {layout.path}",
        )
    return True


@contextmanager
def telling(place: Path) -> Iterator[None]:
    """Tell a failure of the file system in terms of the store.

    Raises:
        LivecdError: for each OSError.
    """
    try:
        yield
    except OSError as error:
        raise failure(place, error) from error


def failure(place: Path, error: OSError) -> LivecdError:
    """The error for what the file system refused."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return LivecdError(
            "no space left for the layer store",
            place=str(place),
            why=error.strerror,
            remedy="free some space, as with `livecd-rootfs cache gc --max-size 20G`, "
            "or choose another place with --cache DIR",
        )
    remedy = "choose another place with --cache DIR"
    if error.errno == errno.EROFS:
        return read_only(place)
    return LivecdError(
        "the layer store can't be used",
        place=str(error.filename or place),
        why=error.strerror or str(error),
        remedy=remedy,
    )


def read_only(place: Path) -> LivecdError:
    """The error for building where nothing may be written."""
    return LivecdError(
        "the layer store is read-only, so no layer can be added to it",
        place=str(place),
        remedy="choose another place with --cache DIR",
    )
