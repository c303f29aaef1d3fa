"""The sources of the project, as scripts see them in $SRCDIR: never the user's own tree to write to."""

from __future__ import annotations

import os
from pathlib import Path

from livecd_rootfs.image import treesource
from livecd_rootfs.image.scripts import WORK
from livecd_rootfs.mounts import Bind, Operation, Overlay, Tmpfs
from livecd_rootfs.steps.context import Context

SRCDIR = f"{WORK}/src"


def mounts(
    context: Context, variable: str, scratch: Path, *, read_only: bool
) -> tuple[Operation, ...]:
    """The trees of a variable below $SRCDIR, each at its target.

    What a script writes there goes into an overlay that is thrown away, so that
    builds leave nothing in the user's tree, and find nothing of each other there.

    Args:
        context: the build.
        variable: lists the trees.
        scratch: where such overlays' upper directories may be.
        read_only: nothing can be written at all.
    """
    found = treesource.parse(context.variables.get(variable, ""))
    places = [Path(SRCDIR, tree.target.strip("/")) for tree in found]
    shown = [
        _bound(tree.path, place)
        if read_only or not tree.path.is_dir()
        else _over(tree.path, place, scratch / str(number))
        for number, (tree, place) in enumerate(zip(found, places, strict=True))
    ]
    return tuple(shown) if Path(SRCDIR) in places else (Tmpfs(target=SRCDIR), *shown)


def _bound(path: Path, place: Path) -> Bind:
    return Bind(source=path, target=str(place))


def _over(path: Path, place: Path, folder: Path) -> Overlay:
    """An overlay whose top directory belongs to whom the tree belongs to."""
    upper, work = folder / "upper", folder / "work"
    for each in (upper, work):
        each.mkdir(parents=True)
    found = path.stat()
    os.chown(upper, found.st_uid, found.st_gid)
    upper.chmod(found.st_mode & 0o7777)
    return Overlay(target=str(place), lowers=(path,), upper=upper, work=work)
