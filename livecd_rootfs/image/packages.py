"""The list of the image's packages, also when the image itself has lost it."""

from __future__ import annotations

import shutil
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.steps import dpkg, rooted
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.dpkg import Package

# A root with nothing in it but dpkg's list.
MEMORY = "binary/packages"


def remember(context: Context) -> None:
    """Keep the list outside of the root, before it goes from there."""
    memory = context.build / MEMORY
    trees.remove(memory)
    for name in (dpkg.STATUS, dpkg.ARCHITECTURE):
        source = rooted.resolve(context.chroot, name)
        if source.is_file():
            (memory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, memory / name)


def installed(context: Context) -> tuple[Package, ...]:
    """The packages that were installed last: of the root, else those that were remembered."""
    return dpkg.installed(_place(context))


def _place(context: Context) -> Path:
    is_there = rooted.resolve(context.chroot, dpkg.STATUS).is_file()
    return context.chroot if is_there else context.build / MEMORY
