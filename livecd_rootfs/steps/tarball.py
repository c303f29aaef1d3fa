"""The steps that make the root's tarballs: for ``docker import``, LXD, chroots, and others."""

from __future__ import annotations

from livecd_rootfs import units
from livecd_rootfs.steps import artifact, compression, filelist, inventory, root_dir, treetar
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.root_dir import ROOT_DIR


def run_xz(context: Context) -> str:
    """Make ``.rootfs.tar.xz``, its inventory and its list of files of ``rootfs.dir``.

    COMPRESSION says how hard it is compressed.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no ``rootfs.dir``.
    """
    return _pack(context, ".rootfs.tar.xz", ".rootfs", Format.XZ)


def run_zstd(context: Context) -> str:
    """Make ``.rootfs.tar.zst``, its inventory and its list of files of ``rootfs.dir``.

    COMPRESSION says how hard it is compressed.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no ``rootfs.dir``.
    """
    return _pack(context, ".rootfs.tar.zst", ".rootfs.tar.zst", Format.ZSTD)


def _pack(context: Context, suffix: str, name: str, what: Format) -> str:
    """Pack and compress at once: the tar by itself would be a file of the root's size for nothing.

    Args:
        context: the build.
        suffix: the tarball's.
        name: what the names of its inventory and its list begin with.
        what: how it is compressed.
    """
    method = compression.of(context, what)
    root = root_dir.require(context)
    tarball = context.artifact(suffix)
    with (
        artifact.appearing(tarball) as part,
        part.open("wb", buffering=0) as output,
        treetar.compressing(context, ROOT_DIR, method, output) as listed,
    ):
        described = inventory.of(context, root, name)
        files = filelist.lines(listed.names)
    inventory.put(context, described, name)
    artifact.write(context.artifact(f"{name}.filelist"), files)
    return f"{tarball.name}: {units.size(tarball.stat().st_size)}, compressed with {method}"
