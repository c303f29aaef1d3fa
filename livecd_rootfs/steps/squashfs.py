"""The step that makes the squashfs: the root without what only a disk needs."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, compression, filelist, inventory
from livecd_rootfs.steps.compression import Format, Method
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.root_dir import ROOT_DIR

# Of one root of 440 MiB: blocks of 1 MiB at level 3 give 190 MB in 2.4 s, blocks
# of 128 KiB 201 MB at level 3, and 183 MB in 60 s at mksquashfs's own level 15.
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
    root = context.build / ROOT_DIR
    _check_root(root)
    image = context.artifact(".squashfs")
    with artifact.appearing(image) as part:
        context.tools.run(
            pack_argv(Path(ROOT_DIR), part.relative_to(context.build), method),
            env=context.environment(),
            cwd=context.build,
        )
    inventory.write(context, root, ".squashfs")
    artifact.write(context.artifact(".squashfs.filelist"), filelist.of(root))
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


def _check_root(root: Path) -> None:
    if not (root.is_dir() and any(root.iterdir())):
        raise LivecdError(
            "there is no root to pack",
            place=ROOT_DIR,
            why="it is empty or does not exist",
            remedy="the series file needs `depends root-dir` above this hook",
        )
