"""Which trees a run is about: the one that is named, or those in which the named paths lie."""

from __future__ import annotations

import os
from collections.abc import Sequence

from livecd_rootfs.errors import UsageError
from livecd_rootfs.hooktree import SERIES_FOLDERS

NAME = "hooks.d"
REMEDY = "name a hooks.d with --tree DIR; it has base/series or extra/series"


def is_tree(path: str) -> bool:
    """Whether a folder is a ``hooks.d``."""
    return any(os.path.isdir(os.path.join(path, folder)) for folder in SERIES_FOLDERS)


def named(tree: str) -> str:
    """The tree that the user named.

    Raises:
        UsageError: it is none.
    """
    if not is_tree(tree):
        raise UsageError(f"{tree} is not a tree of hooks", remedy=REMEDY)
    return tree


def nearest(folder: str) -> str:
    """The tree in or around a folder, as the working directory.

    Raises:
        UsageError: there is none.
    """
    above, here = folder, None
    while above != here:
        here = above
        for path in (os.path.join(here, NAME), here):
            if is_tree(path):
                return _shown(path, folder)
        above = os.path.dirname(here)
    raise UsageError("there is no hooks.d here", remedy=REMEDY)


def around(paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The trees in which paths lie, each with the paths that were named in it.

    Raises:
        UsageError: a path does not exist, or lies in no tree.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(
                f"there is no file '{path}'",
                remedy="name files and folders of a hooks.d, or one of the commands that "
                "series-lint --help lists",
            )
        tree = _around(path)
        found[tree] = (*found.get(tree, ()), path)
    return found


def is_within(path: str, folders: Sequence[str]) -> bool:
    """Whether a file is one of these, or lies in one of these folders."""
    whole = os.path.abspath(path)
    tops = (os.path.abspath(folder) for folder in folders)
    return any(whole == top or whole.startswith(top.rstrip("/") + "/") for top in tops)


def tree_of(path: str) -> str:
    """The tree in which a file lies, or will lie.

    Raises:
        UsageError: there is none.
    """
    return _around(path)


def _around(path: str) -> str:
    below = os.path.join(path, NAME)
    if is_tree(below):
        return below
    here, inner = path, None
    while here != inner:
        if is_tree(here):
            return here
        here, inner = os.path.dirname(here) or _parent(here), here
    raise UsageError(f"{path} lies in no tree of hooks", remedy=REMEDY)


def _parent(path: str) -> str:
    """The folder of a name without one: the working directory, then those above it."""
    return os.path.dirname(os.path.abspath(path))


def _shown(path: str, folder: str) -> str:
    return os.path.relpath(path, folder) if path.startswith(folder.rstrip("/") + "/") else path
