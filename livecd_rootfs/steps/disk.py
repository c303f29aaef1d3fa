"""A whole disk: its partitions, and what is in each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import bios, content, ext4, gpt, layout, vfat
from livecd_rootfs.steps.bootable import Boot
from livecd_rootfs.steps.content import Content
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.imagesize import BOOT_PARTITION_SIZE, IMAGE_SIZE, ImageSize
from livecd_rootfs.steps.layout import Layout
from livecd_rootfs.values import Value


class Volume(Value):
    """A file system of the disk: its label, the tree that it will hold, and its measure."""

    label: str
    tree: Path
    content: Content


def measure(context: Context, *, label: str, tree: Path) -> Volume:
    """A volume with a tree's content."""
    return Volume(label=label, tree=tree, content=content.measure(tree, context.epoch))


def plan(
    context: Context, volumes: Mapping[int, Volume], size: ImageSize, *, boot_size: int
) -> Layout:
    """The layout of a disk for these volumes.

    Args:
        context: the build.
        volumes: the file systems, by number of their partition.
        size: what was asked for.
        boot_size: bytes of the /boot partition; 0 for none.
    """
    if size.total is not None:
        return layout.lay_out(context, size=size.total, boot_size=boot_size)
    root_size = ext4.size_for(volumes[layout.ROOT].content, size.head_room)
    total = layout.disk_size(context, root_size=root_size, boot_size=boot_size)
    return layout.lay_out(context, size=total, boot_size=boot_size)


def write(
    context: Context,
    path: Path,
    table: Layout,
    volumes: Mapping[int, Volume],
    boot: Boot,
    *,
    staging: Path,
) -> None:
    """Write a disk into a file, which is sparse where nothing is.

    Args:
        context: the build.
        path: the file to make, in the build directory.
        table: its partitions.
        volumes: the file systems, by number of their partition.
        boot: the boot loaders.
        staging: an empty directory.

    Raises:
        LivecdError: a content does not fit.
    """
    path.touch()
    _stretch(path, table.size)
    for number, volume in volumes.items():
        _write_volume(context, path, table, number, volume)
    vfat.make(context, table[layout.ESP], boot.esp, disk=path, staging=staging)
    code = bios.write(path, boot.bios, table[layout.BIOS_BOOT]) if boot.bios else b""
    gpt.write(path, table, code)


def _stretch(path: Path, size: int) -> None:
    try:
        os.truncate(path, size)
    except OSError as error:
        raise LivecdError(
            f"a disk of {units.size(size)} can't be made here",
            why=f"the file system says: {error.strerror}",
            remedy=f"a smaller {IMAGE_SIZE}; the disk grows when it boots",
        ) from error


def _write_volume(context: Context, path: Path, table: Layout, number: int, volume: Volume) -> None:
    size_from = IMAGE_SIZE if number == layout.ROOT else BOOT_PARTITION_SIZE
    files = ext4.named(context, table[number], label=volume.label, size_from=size_from)
    ext4.make(context, files, disk=path, tree=volume.tree, content=volume.content)
