"""The step that puts the project's own files into the root: mkosi.extra/ and mkosi.extra.tar."""

from __future__ import annotations

from livecd_rootfs.image import treesource
from livecd_rootfs.steps.context import Context

VARIABLE = "EXTRA_TREES"


def run(context: Context) -> str:
    """Copy the trees of EXTRA_TREES over the root.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: a tree can't be copied.
    """
    return f"extra-trees: {treesource.install(context, context.chroot, VARIABLE)}"
