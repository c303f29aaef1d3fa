"""The step that brings what the build script made into the image: nothing else leaves its overlay."""

from __future__ import annotations

from livecd_rootfs.image import build_overlay, treecopy
from livecd_rootfs.image.treecopy import Manner
from livecd_rootfs.steps.context import Context


def run(context: Context) -> str:
    """Copy ``dest`` of the build overlay's branch over the root; everything becomes root's.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: something in it can't be where it would have to be.
    """
    dest = build_overlay.dest(context)
    if not dest.is_dir() or not any(dest.iterdir()):
        build_overlay.remove(context)
        return "install-build-dest: nothing to do, no build script made anything"
    count = treecopy.copy(dest, context.chroot, "/", Manner())
    build_overlay.remove(context)
    return f"install-build-dest: {count} file{'' if count == 1 else 's'} of the build script into the image"
