"""The step that makes the image for Google Compute Engine: ``disk.raw`` in a compressed tar.

What it takes is in Google's documentation, "Manually import boot disks": that
name, GNU's old tar format, sparse or not, gzip, and a disk of whole gibibytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import process, units
from livecd_rootfs.steps import (
    artifact,
    built_disk,
    compression,
    gpt,
    inventory,
    overlay,
    sparsetar,
)
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.imagesize import GIB, round_up
from livecd_rootfs.steps.layout import SECTOR

NAME = "disk.raw"


def run(context: Context) -> str:
    """Make ``.gce.tar.gz`` and its inventory from the disk.

    COMPRESSION says how hard it is compressed.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk.
    """
    method = compression.of(context, Format.GZIP)
    disk = built_disk.require(context, "an image for GCE")
    image = context.artifact(".gce.tar.gz")
    with _whole_gibibytes(context, disk) as whole, artifact.appearing(image) as part:
        size = whole.stat().st_size
        pieces = sparsetar.stream(whole, NAME, epoch=context.epoch)
        compression.to_file(context, method, pieces, part)
    inventory.copy(context, ".gce")
    return (
        f"{image.name}: {units.size(image.stat().st_size)}, compressed with {method}; "
        f"a disk of {units.size(size)}"
    )


@contextmanager
def _whole_gibibytes(context: Context, disk: Path) -> Iterator[Path]:
    """The disk, or a larger copy with the second partition table at its new end."""
    old = disk.stat().st_size
    size = round_up(old, GIB)
    if size == old:
        yield disk
        return
    with overlay.scratch(context) as folder:
        copy = folder / NAME
        process.run(["cp", "--sparse=always", "--reflink=auto", "--", disk, copy])
        os.truncate(copy, size)
        _move_table(context, copy, old)
        yield copy


def _move_table(context: Context, disk: Path, old: int) -> None:
    context.tools.run(
        ["sfdisk", "--quiet", "--relocate", "gpt-bak-std", disk.name],
        env=context.environment(),
        cwd=disk.parent,
    )
    left = (gpt.ENTRY_SECTORS + 1) * SECTOR
    with disk.open("r+b") as stream:
        stream.seek(old - left)
        stream.write(bytes(left))
