"""The step that removes what package managers keep, if it is of no use, and tidies the root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.image import packages, tidy
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """A program and what it keeps.

    Attributes:
        name: how it is called.
        program: one that it can't do without.
        folders: what it keeps.
    """

    name: str
    program: str
    folders: tuple[str, ...]


MANAGERS = (
    Manager(name="apt", program="usr/bin/apt-get", folders=("var/lib/apt", "var/cache/apt")),
    Manager(name="dpkg", program="usr/bin/dpkg", folders=("var/lib/dpkg",)),
    Manager(name="debconf", program="usr/share/debconf/frontend", folders=("var/cache/debconf",)),
)


def run(context: Context) -> str:
    """Remove metadata as CLEAN_PACKAGE_METADATA says, and what building left.

    ``auto``, the default, removes that of each manager whose program is not in the
    root; ``yes`` that of all; ``no`` none, and not even apt's package lists.

    Returns:
        what was done, in one line.

    Raises:
        UsageError: CLEAN_PACKAGE_METADATA is none of these.
        LivecdError: something can't be removed.
    """
    choice = context.choice("CLEAN_PACKAGE_METADATA", ("auto", "yes", "no"))
    root = context.chroot
    cleaned = [each for each in MANAGERS if choice != "no" and _keeps(root, each)]
    if choice == "auto":
        cleaned = [each for each in cleaned if not rooted.resolve(root, each.program).exists()]
    if cleaned:
        packages.remember(context)
    for folder in (folder for each in cleaned for folder in each.folders):
        trees.remove(rooted.resolve(root, folder))
    count = tidy.tidy(root, lists=choice != "no")
    told = [f"metadata of {', '.join(each.name for each in cleaned)} removed"] if cleaned else []
    told += [f"{count} files that building left removed"] if count else []
    return f"clean-metadata: {'; '.join(told) or 'nothing to do, there is nothing of that kind'}"


def _keeps(root: Path, manager: Manager) -> bool:
    return any(rooted.resolve(root, folder).is_dir() for folder in manager.folders)
