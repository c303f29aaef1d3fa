"""The names of what a layer changed in the build directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from livecd_rootfs.layers.layer import Layer

# Directories of which only their own name is told: there are too many in them.
ROOT = "chroot"


def written(layer: Layer) -> tuple[str, ...]:
    """What a step made or changed, in code-point order; what it removed is not in it.

    Raises:
        OSError: the layer can't be read.
    """
    names = set(_below(os.fspath(layer.diff), ""))
    if layer.overlays.is_dir():
        overlays = {folder.name for folder in layer.overlays.iterdir()}
        names = {name for name in names if name.split("/")[0] not in overlays} | overlays
    return tuple(sorted(names))


def _below(folder: str, prefix: str) -> Iterator[str]:
    """Files by their paths; directories only where there is nothing in them."""
    with os.scandir(folder) as found:
        entries = list(found)
    if prefix and not entries:
        yield prefix.rstrip("/")
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if name != ROOT and entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{name}/")
        elif not _hides(entry):
            yield name


def _hides(entry: os.DirEntry[str]) -> bool:
    """Whether it is overlayfs' mark for a name that was removed."""
    status = entry.stat(follow_symlinks=False)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
