"""The EFI system partition's file system, made and filled in a disk at an offset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.layout import SECTOR, Partition
from livecd_rootfs.values import Value

LABEL = "UEFI"


class File(Value):
    """A file to put there: its path, relative, and its content."""

    path: PurePosixPath
    content: bytes


def make(
    context: Context, partition: Partition, files: Sequence[File], *, disk: Path, staging: Path
) -> None:
    """Make the file system with these files, in sorted order and at one time.

    Args:
        context: the build.
        partition: where it lies.
        files: what it holds.
        disk: the disk.
        staging: an empty directory, for copies that mtools read.
    """
    name = disk.relative_to(context.build)
    ordered = sorted(files, key=lambda file: file.path)
    _stage(ordered, staging, context.epoch)
    for argv in (
        format_argv(partition, name, volume_id(context)),
        *fill_argvs(partition, name, ordered, staging),
    ):
        context.tools.run(
            argv,
            env=context.environment(MTOOLS_LOWER_CASE="0"),
            cwd=context.build,
            bind=(staging,),
        )


def volume_id(context: Context) -> str:
    """The 32-bit serial number, eight hexadecimal digits."""
    return context.id("ESP").hex[:8]


def format_argv(partition: Partition, disk: Path, serial: str) -> list[str]:
    """The command line of mkfs.vfat.

    Clusters of one sector: with ``--offset`` mtools refuse others, and a FAT32
    of this size needs small ones.
    """
    return [
        "mkfs.vfat",
        *("--invariant", "-F", "32", "-s", "1", "-n", LABEL, "-i", serial),
        *("--offset", str(partition.start), "-h", str(partition.start)),
        str(disk),
        str(partition.size // 1024),
    ]


def fill_argvs(
    partition: Partition, disk: Path, files: Sequence[File], staging: Path
) -> list[list[str]]:
    """The command lines of mmd and mcopy, parents first, one mcopy a directory."""
    image = f"{disk}@@{partition.start * SECTOR}"
    folders = sorted({parent for file in files for parent in file.path.parents if parent.name})
    return [
        *([["mmd", "-i", image, *(f"::{folder}" for folder in folders)]] if folders else ()),
        *(
            ["mcopy", "-i", image, "-m", *_staged(files, folder, staging), f"::{folder}"]
            for folder in folders
            if any(file.path.parent == folder for file in files)
        ),
    ]


def _staged(files: Sequence[File], folder: PurePosixPath, staging: Path) -> list[str]:
    return [str(staging / file.path) for file in files if file.path.parent == folder]


def _stage(files: Sequence[File], staging: Path, epoch: int) -> None:
    for file in files:
        path = staging / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        os.utime(path, (epoch, epoch))
