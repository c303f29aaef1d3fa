"""A seed for cloud-init: a small disk with what a machine is told at its first boot (NoCloud)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs.steps.context import Context

# What cloud-init looks for, in capitals, as FAT has it (cloud-init documentation, "NoCloud").
LABEL = "CIDATA"
SIZE = 2 << 20


def make(context: Context, disk: Path, files: Mapping[str, str]) -> None:
    """Make a FAT file system with these files, without a partition table.

    Args:
        context: the build.
        disk: the file to make, in a directory where the files are put beside it.
        files: ``user-data`` and ``meta-data``, by their names.
    """
    folder = disk.parent
    with disk.open("wb") as stream:
        os.truncate(stream.fileno(), SIZE)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        os.utime(folder / name, (context.epoch, context.epoch))
    serial = context.id("cidata").hex[:8]
    for argv in (
        ("mkfs.vfat", "--invariant", "-F", "12", "-n", LABEL, "-i", serial, disk.name),
        ("mcopy", "-i", disk.name, "-m", *sorted(files), "::"),
    ):
        context.tools.run(argv, env=context.environment(MTOOLS_LOWER_CASE="0"), cwd=folder)
