"""The step that makes the disk: one GPT disk that boots by BIOS and by UEFI.

The file systems are written straight to their place in a sparse file, so
nothing is mounted from it and no loop device is needed. What a disk needs
besides the root (GRUB's menu and modules, fstab) is added in an overlay:
``chroot/`` stays as it is for the other targets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from livecd_rootfs import kernel, units
from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps import (
    artifact,
    bootable,
    content,
    disk,
    filelist,
    imagesize,
    inventory,
    layout,
    overlay,
    rooted,
)
from livecd_rootfs.steps.built_disk import DISK
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.disk import Volume
from livecd_rootfs.variants import SYSTEMD_BOOT


def run(context: Context) -> str:
    """Make ``binary/boot/disk-uefi.ext4``, its inventory and its list of files.

    IMAGE_SIZE is its size (see ``imagesize``); BOOT_PARTITION_SIZE, if set,
    gives /boot a partition of its own.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no kernel or no boot loader in the root, or the
            content does not fit.
    """
    size = imagesize.of_image(context.variables)
    boot_size = _boot_size(context)
    path = context.build / DISK
    with ExitStack() as stack:
        root = stack.enter_context(overlay.passing(context, context.chroot))
        staging = stack.enter_context(overlay.scratch(context))
        boot = bootable.prepare(context, root, bootable.where(context, separate=boot_size > 0))
        _describe(context, root)
        volumes = stack.enter_context(_volumes(context, root, staging, boot_size))
        table = disk.plan(context, volumes, size, boot_size=boot_size)
        part = stack.enter_context(artifact.appearing(path))
        disk.write(context, part, table, volumes, boot, staging=staging)
    used = units.size(volumes[layout.ROOT].content.blocks * content.BLOCK)
    return f"{DISK}: {units.size(table.size)}, {used} of content; boots by {boot}"


def _boot_size(context: Context) -> int:
    size = imagesize.of_boot(context.variables)
    if size and context.bootloader == SYSTEMD_BOOT:
        raise UsageError(
            f"{imagesize.BOOT_PARTITION_SIZE} is set, but systemd-boot uses no such partition",
            why="its kernels are on the ESP; it can't read the ext4 of /boot",
            remedy="leave one of the two settings out",
        )
    return size


def _describe(context: Context, root: Path) -> None:
    artifact.write(context.artifact(".filelist"), filelist.of(root))
    inventory.write(context, root, "")


@contextmanager
def _volumes(
    context: Context, root: Path, scratch: Path, boot_size: int
) -> Iterator[dict[int, Volume]]:
    """The file systems by partition number; with a /boot of its own, that one is taken out."""
    if not boot_size:
        yield {layout.ROOT: disk.measure(context, label=context.label, tree=root)}
        return
    with _taken_out(rooted.resolve(root, "boot"), scratch / "boot") as boot:
        yield {
            layout.ROOT: disk.measure(context, label=context.label, tree=root),
            layout.XBOOTLDR: disk.measure(context, label=bootable.BOOT_LABEL, tree=boot),
        }


@contextmanager
def _taken_out(folder: Path, place: Path) -> Iterator[Path]:
    """A directory seen at another place, with an empty one in its own."""
    place.mkdir()
    tree = kernel.clone_tree(folder)
    kernel.attach_tree(tree, place)
    os.close(tree)
    try:
        kernel.mount("tmpfs", folder, "tmpfs", 0, "mode=0755")
        try:
            yield place
        finally:
            kernel.unmount(folder)
    finally:
        kernel.unmount(place)
