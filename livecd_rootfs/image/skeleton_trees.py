"""The step that puts mkosi.skeleton/ and mkosi.skeleton.tar into the root before packages."""

from __future__ import annotations

from livecd_rootfs.image import treesource
from livecd_rootfs.steps.context import Context

VARIABLE = "SKELETON_TREES"
# What says where the root came from; nothing does under live-build.
BASE = "LIVECD_BASE"
BOOTSTRAP = "bootstrap"


def before_packages(context: Context) -> str:
    """Copy the trees of SKELETON_TREES into the root that a bootstrap begins.

    Raises:
        LivecdError: a tree can't be copied.
    """
    return f"skeleton-trees: {treesource.install(context, context.chroot, VARIABLE)}"


def run(context: Context) -> str:
    """See that the trees of SKELETON_TREES are in the root; nothing that is there is replaced.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: a tree can't be copied.
    """
    if not context.variables.get(VARIABLE):
        return "skeleton-trees: nothing to do, there are no trees"
    if context.variables.get(BASE) == BOOTSTRAP:
        return "skeleton-trees: nothing to do, the bootstrap had them before packages"
    done = treesource.install(context, context.chroot, VARIABLE, missing=True)
    return f"skeleton-trees: {done}, as far as they were missing"
