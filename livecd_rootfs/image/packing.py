"""The root as one file that is no disk: tar, cpio, squashfs, a unified kernel image."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from livecd_rootfs import process, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import rootfs, selinux_relabel, unified_kernel
from livecd_rootfs.steps import (
    artifact,
    commandline,
    compression,
    kernels,
    overlay,
    pipeline,
    squashfs,
    treetar,
)
from livecd_rootfs.steps.compression import Format
from livecd_rootfs.steps.context import Context

_ROOT = "chroot"


def stream_to(context: Context, algorithm: str, pieces: Generator[bytes], target: Path) -> None:
    """Write a stream into a file, compressed or as it is."""
    if algorithm:
        compression.to_file(context, compression.by(context, algorithm), pieces, target)
        return
    with target.open("wb") as stream:
        for piece in pieces:
            stream.write(piece)


def tar(context: Context, algorithm: str, target: Path) -> None:
    """Pack the root into a tar file: sorted, without the times at which files were read."""
    labels = selinux_relabel.is_labelled(context)
    stream_to(context, algorithm, treetar.stream(context, _ROOT, labels=labels), target)


def tree(context: Context, folder: str, target: Path) -> None:
    """Pack another folder of the build directory, likewise, and not compressed."""
    stream_to(context, "", treetar.stream(context, folder), target)


def cpio(context: Context, algorithm: str, target: Path) -> None:
    """Pack the root into a cpio archive that a kernel can unpack as its initramfs.

    The format has no extended attributes, and no files of 4 GiB.
    """
    if not algorithm:
        _cpio(context, target)
        return
    plain = target.with_name(f"{target.name}.plain")
    try:
        _cpio(context, plain)
        stream_to(context, algorithm, pipeline.of_file(plain), target)
    finally:
        plain.unlink(missing_ok=True)


def _cpio(context: Context, target: Path) -> None:
    argv = ("cpio", "--create", "--quiet", "--format=newc", "--null")
    with rootfs.of_archive(context, starts=True) as root:
        folder = ("--reproducible", "--renumber-inodes", f"--directory={root}")
        names = (name.removeprefix(b"./") + b"\0" for name in treetar.names(root) if name != b".")
        pipeline.consumed(context, (*argv, *folder), names, target, bind=(root,))


def squash(context: Context, target: Path) -> None:
    """Pack the root into a squashfs."""
    how = compression.of(context, Format.SQUASHFS)
    context.tools.run(
        squashfs.pack_argv(Path(_ROOT), target.relative_to(context.build), how),
        env=context.environment(),
        cwd=context.build,
    )


def unified(context: Context, target: Path) -> None:
    """Make a unified kernel image that has the whole root in its memory.

    Raises:
        LivecdError: the root has no kernel.
    """
    found = kernels.installed(context.chroot)
    if not found:
        raise LivecdError(
            "there is no kernel to make a unified image of",
            place="chroot/boot",
            remedy="add linux-image-cloud-amd64 (Debian) or linux-virtual (Ubuntu) to Packages",
        )
    with overlay.scratch(context) as folder:
        packed = folder / "root.cpio.zst"
        cpio(context, "zstd", packed)
        line = str(commandline.of(context))
        unified_kernel.build(context, target, found[0], packed, line)


def directory(context: Context, target: Path) -> None:
    """Copy the root to a directory, with times that are not later than the build's."""
    part = artifact.temporary(target)
    trees.remove(part)
    try:
        with rootfs.of_archive(context, starts=False) as root:
            process.run(("cp", "-a", "--one-file-system", "--reflink=auto", "--", root, part))
        trees.remove(target)
        part.rename(target)
    finally:
        trees.remove(part)
