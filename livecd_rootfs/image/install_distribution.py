"""The step that installs what a root lacks: the image's packages, where no bootstrap did it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.errors import UsageError
from livecd_rootfs.image import inroot
from livecd_rootfs.image.skeleton_trees import BASE, BOOTSTRAP
from livecd_rootfs.packaging import KEEP_FILES, NO_INITRAMFS
from livecd_rootfs.steps import dpkg
from livecd_rootfs.steps.context import Context

PACKAGES = "IMAGE_PACKAGES"
_LISTS = "var/lib/apt/lists"


def run(context: Context) -> str:
    """Install the packages of IMAGE_PACKAGES that the root does not have.

    Returns:
        what was done, in one line.

    Raises:
        CommandError: apt-get failed.
        UsageError: the root has no apt-get.
    """
    if context.variables.get(BASE) == BOOTSTRAP:
        return "install-distribution: nothing to do, the bootstrap installed its packages"
    wanted = missing(context.chroot, context.variables.get(PACKAGES, "").split())
    if not wanted:
        return "install-distribution: nothing to do, no package is missing"
    if not (context.chroot / "usr/bin/apt-get").is_file():
        raise UsageError(
            "the root has no apt-get, so nothing can be installed in it",
            place=str(context.chroot),
            remedy=f"choose a base that has it, or one that has {', '.join(wanted)}",
        )
    _install(context, wanted)
    counted = "1 package" if len(wanted) == 1 else f"{len(wanted)} packages"
    return f"install-distribution: {counted}, and dependencies"


def missing(root: Path, words: Sequence[str]) -> tuple[str, ...]:
    """The packages, of apt-get's words for them, that a root does not have."""
    found = {package.name for package in dpkg.installed(root)}
    return tuple(word for word in words if _name(word) not in found)


def _name(word: str) -> str:
    """``vim:amd64=2:9.1-1`` and ``vim/sid`` are vim."""
    for mark in ("=", "/", ":"):
        word = word.partition(mark)[0]
    return word


def _install(context: Context, packages: Sequence[str]) -> None:
    options = [f"--option=Dpkg::Options::=--{name}" for name in KEEP_FILES]
    lists = context.chroot / _LISTS
    had_lists = lists.is_dir() and any(lists.glob("*Packages*"))
    words = ("apt-get", "--yes", "--no-install-recommends", *options, "install", *packages)
    for argv in (("apt-get", "update"), words, ("apt-get", "clean")):
        inroot.run(context, context.chroot, argv, env=NO_INITRAMFS, network=True, shown=True)
    if lists.is_dir() and not had_lists:
        trees.empty(lists)
