"""Purging packages of a target root by its own apt, without traces of that in the root."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs.steps import target
from livecd_rootfs.steps.context import Context

# What removing packages writes there has times and inode numbers, and is of no
# use in an image.
_PRIVATE = (
    "/var/log",
    "/var/tmp",  # noqa: S108 (the root's own)
    "/var/cache/apt",
    "/var/cache/ldconfig",
    "/var/lib/apt/lists",
)
_APT = (
    "apt-get",
    "--yes",
    "--allow-remove-essential",
    *("-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="),
    # Nobody needs what a failed step leaves, so nothing must reach the disk meanwhile.
    *("-o", "Dpkg::Options::=--force-unsafe-io"),
)
_PLANNED = re.compile(r"^(?:Remv|Purg) (\S+)", re.MULTILINE)


def purge(context: Context, root: Path, packages: Sequence[str]) -> Sequence[str]:
    """Purge packages, and what needs them; gives the names of all that went.

    Packages that nobody needed before stay: only what the removal itself
    leaves without a user goes with it.

    Raises:
        CommandError: apt failed.
    """
    unneeded = _planned(context, root, ["autoremove"])
    wanted = _planned(context, root, ["--auto-remove", "purge", *packages])
    names = sorted((wanted - unneeded) | set(packages))
    target.run(context, root, [*_APT, "purge", *names], private=private(names))
    return names


def private(names: Sequence[str]) -> Sequence[str]:
    """Where the purge of packages has directories of its own; apt's script removes apt's."""
    return [folder for folder in _PRIVATE if not ("apt" in names and "/apt" in folder)]


def _planned(context: Context, root: Path, words: Sequence[str]) -> set[str]:
    argv = [*_APT, "--simulate", *words]
    return planned(target.run(context, root, argv, private=_PRIVATE).stdout)


def planned(simulation: str) -> set[str]:
    """The packages that ``apt-get --simulate`` would remove."""
    return set(_PLANNED.findall(simulation))
