"""The step that makes the squashfs: the root without what only a disk needs."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, compression, filelist, inventory, pipeline, root_dir
from livecd_rootfs.steps.compression import Format, Method
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.root_dir import ROOT_DIR

# mksquashfs's own blocks of 128 KiB at its own level 15 of zstd take more than
# ten times as long as these at level 6, for the same size.
BLOCK_SIZE = "1M"


def run(context: Context) -> str:
    """Make ``.squashfs``, its inventory and its list of files of ``rootfs.dir``.

    COMPRESSION says how hard it is compressed. SQUASHFS_COMPRESSION is ``zstd``,
    or ``xz``: a tenth smaller, twenty times the work.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no ``rootfs.dir``.
    """
    method = compression.of(context, Format.SQUASHFS)
    root = root_dir.require(context)
    image = context.artifact(".squashfs")
    with artifact.appearing(image) as part:
        argv = pack_argv(Path(ROOT_DIR), part.relative_to(context.build), method)
        with pipeline.beside(context, argv):
            described = inventory.of(context, root, ".squashfs")
            files = filelist.of(root)
    inventory.put(context, described, ".squashfs")
    artifact.write(context.artifact(".squashfs.filelist"), files)
    return f"{image.name}: {units.size(image.stat().st_size)}, compressed with {method}"


def pack_argv(root: Path, image: Path, method: Method) -> list[str]:
    """The command line of mksquashfs, which takes times from SOURCE_DATE_EPOCH.

    All cores are used; since 4.4 their number does not change the result.
    """
    level = () if method.level is None else ("-Xcompression-level", str(method.level))
    return [
        "mksquashfs",
        *(str(root), str(image)),
        *("-noappend", "-quiet", "-no-progress", "-exit-on-error"),
        *("-b", BLOCK_SIZE),
        *("-comp", method.algorithm),
        *level,
    ]
