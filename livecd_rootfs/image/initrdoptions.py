"""What makes an initrd, and what makes the root itself one: configuration, initrd-release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

# Of each maker the folder for configuration, and the file in it.
_MAKERS = (
    ("usr/sbin/mkinitramfs", "etc/initramfs-tools/conf.d/20-image"),
    ("usr/bin/dracut", "etc/dracut.conf.d/20-image.conf"),
)
_INIT = ("usr/lib/systemd/systemd", "lib/systemd/systemd")


def configure(context: Context) -> Iterator[str]:
    """Write INITRD_OPTIONS; with FORMAT=cpio make the root fit to be an initrd itself.

    Raises:
        LivecdError: the root has no maker of an initrd to be configured.
    """
    root = context.chroot
    lines = [line for line in context.variables.get("INITRD_OPTIONS", "").splitlines() if line]
    if lines:
        rooted.write(root, _file(root), "".join(f"{line}\n" for line in lines))
        yield "options of the initrd"
    if context.variables.get("FORMAT") == "cpio":
        yield from _as_initrd(root)


def _file(root: Path) -> str:
    for program, file in _MAKERS:
        if rooted.first_file(root, program):
            return file
    raise LivecdError(
        "InitrdOptions is set, but the root has nothing that makes an initrd",
        remedy="add initramfs-tools or dracut to Packages, or leave out InitrdOptions",
    )


def _as_initrd(root: Path) -> Iterator[str]:
    """Systemd behaves as in an initrd where there is an initrd-release (os-release(5))."""
    path = rooted.resolve(root, "etc") / "initrd-release"
    if rooted.first_file(root, *_INIT) is None:
        return
    if not (path.is_symlink() or path.exists()):
        path.symlink_to("os-release")
    yield "the root as an initrd"
