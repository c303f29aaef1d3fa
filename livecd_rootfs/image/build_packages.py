"""The step that installs what only building needs, into the build overlay."""

from __future__ import annotations

from livecd_rootfs.image import apt, build_overlay
from livecd_rootfs.steps import dpkg
from livecd_rootfs.steps.context import Context


def run(context: Context) -> str:
    """Install BUILD_PACKAGES over the root, which stays as it is.

    Returns:
        what was done, in one line.

    Raises:
        CommandError: apt failed.
    """
    build_overlay.remove(context)
    packages = context.variables.get("BUILD_PACKAGES", "").split()
    if not packages:
        return "build-packages: nothing to do, there are no BuildPackages"
    with build_overlay.begun(context) as root:
        apt.install(context, root, packages)
        more = len(dpkg.installed(root)) - len(dpkg.installed(context.chroot))
    return f"build-packages: {' '.join(packages)}; {more} packages that the image does not get"
