"""The step that makes the qcow2: the disk, compressed, as clouds and libvirt take it."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, built_disk, compression, inventory, pipeline
from livecd_rootfs.steps.built_disk import DISK
from livecd_rootfs.steps.compression import Format, Method
from livecd_rootfs.steps.context import Context


def run(context: Context) -> str:
    """Make ``.img`` and its inventory from the disk.

    qemu-img takes no level: of COMPRESSION only ``small`` makes a difference,
    by larger clusters. QCOW2_COMPRESSION is ``zstd``, which QEMU reads since 5.1
    of 2020, or ``zlib``, which every reader knows and which takes several times
    as long; either in usual clusters.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no disk.
    """
    method = compression.of(context, Format.QCOW2)
    built_disk.require(context, "a qcow2")
    image = context.artifact(".img")
    with artifact.appearing(image) as part:
        argv = convert_argv(Path(DISK), part.relative_to(context.build), method)
        with pipeline.beside(context, argv):
            described = inventory.copied(context, ".img")
    inventory.put(context, described, ".img")
    return f"{image.name}: {units.size(image.stat().st_size)}, compressed with {method}"


def convert_argv(disk: Path, image: Path, method: Method) -> list[str]:
    """The command line of qemu-img.

    Without ``-W``: clusters that are written as they get ready are some tenths
    of a second faster, and lie in another order in every run.
    """
    cluster = "" if method.cluster is None else f",cluster_size={method.cluster}k"
    options = f"compression_type={method.algorithm}{cluster}"
    return ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", "-o", options,
            str(disk), str(image)]  # fmt: skip
