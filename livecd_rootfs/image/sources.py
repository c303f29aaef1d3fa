"""The sources of the project, as scripts see them in $SRCDIR: never the user's own tree to write to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from livecd_rootfs.image import treesource
from livecd_rootfs.image.scripts import WORK
from livecd_rootfs.mounts import Bind, Operation, Overlay, Tmpfs
from livecd_rootfs.steps.context import Context

SRCDIR = f"{WORK}/src"
# Tells a step which paths below the project's files no script shall see.
WITHHELD = "LIVECD_WITHHELD"


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
    shown: list[Operation] = [] if Path(SRCDIR) in places else [Tmpfs(target=SRCDIR)]
    for number, (tree, place) in enumerate(zip(found, places, strict=True)):
        if not tree.path.is_dir():
            shown.append(Bind(source=tree.path, target=str(place)))
            continue
        folder = scratch / str(number)
        upper = _upper(context, tree.path, folder / "upper")
        shown.append(_over(tree.path, place, upper, None if read_only else folder / "work"))
    return tuple(shown)


def _over(path: Path, place: Path, upper: Path, work: Path | None) -> Overlay:
    """A tree with the upper directory over it; read-only if there is no work directory."""
    if work is None:
        return Overlay(target=str(place), lowers=(upper, path))
    work.mkdir()
    return Overlay(target=str(place), lowers=(path,), upper=upper, work=work)


def _upper(context: Context, tree: Path, upper: Path) -> Path:
    """A directory like the tree's, with a whiteout for each path of it that is withheld."""
    _like(tree, upper)
    for line in context.variables.get(WITHHELD, "").splitlines():
        path = Path(line)
        if tree not in path.parents or not path.parent.is_dir():
            continue
        inside = path.relative_to(tree)
        for parent in reversed(inside.parents[:-1]):
            if not (upper / parent).exists():
                _like(tree / parent, upper / parent)
        os.mknod(upper / inside, stat.S_IFCHR, os.makedev(0, 0))
    return upper


def _like(folder: Path, copy: Path) -> None:
    """A directory with the owner and mode of another, which an overlay shows in its place."""
    copy.mkdir(parents=True)
    found = folder.stat()
    os.chown(copy, found.st_uid, found.st_gid)
    copy.chmod(found.st_mode & 0o7777)
