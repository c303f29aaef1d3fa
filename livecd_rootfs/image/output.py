"""The last step of the image pipeline: what is made of the root, and what lies beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from livecd_rootfs import process, units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import (
    artifacts,
    bmap,
    bootplan,
    checksums,
    disk,
    finalize,
    manifest,
    packages,
    packing,
    verity,
)
from livecd_rootfs.image.artifacts import IMAGE, OUTPUTS, ROOT_HASH, SIGNATURE, SUMS, Format, Output
from livecd_rootfs.steps import (
    artifact,
    boot_files,
    compression,
    extents,
    inventory,
    pipeline,
    qcow2,
    rooted,
)
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.layout import Layout, Partition


def run(context: Context) -> str:
    """Make the image that FORMAT asks for, and all that other settings want beside it.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: a tool failed, or the root lacks something.
        UsageError: settings go not together.
    """
    output = artifacts.of(context.variables)
    _make(context, output)
    _describe(context, output)
    if output.checksum:
        _sum(context, output)
    made = [context.artifact(suffix) for suffix in artifacts.names(output)]
    told = (f"{path.name} {units.size(_size(path))}" for path in made if path.exists())
    return f"{output.format.value}: {', '.join(told)}"


def _size(path: Path) -> int:
    files = (each.lstat() for each in path.rglob("*")) if path.is_dir() else (path.stat(),)
    return sum(found.st_size for found in files)


def _make(context: Context, output: Output) -> None:
    if output.image is None:
        return
    target = context.artifact(output.image)
    if output.format is Format.DISK:
        _make_disk(context, output, target)
    elif output.format is Format.DIRECTORY:
        packing.directory(context, target)
    else:
        makers: dict[Format, Callable[[Path], None]] = {
            Format.TAR: lambda part: packing.tar(context, output.compression, part),
            Format.CPIO: lambda part: packing.cpio(context, output.compression, part),
            Format.SQUASHFS: lambda part: packing.squash(context, part),
            Format.UKI: lambda part: packing.unified(context, part),
        }
        with artifact.appearing(target) as part:
            makers[output.format](part)


def _make_disk(context: Context, output: Output, target: Path) -> None:
    """The disk as it is first, since its map and its parts are of that."""
    raw = context.artifact(f"{IMAGE}.raw")
    with artifact.appearing(raw) as part:
        table = disk.write(context, part)
    if output.bmap:
        artifact.write(context.artifact(f"{IMAGE}.bmap"), bmap.of(raw))
    if output.verity:
        _write_root_hash(context)
    if output.split:
        _split(context, output, raw, table)
    if target == raw:
        return
    with artifact.appearing(target) as part:
        if output.qcow2:
            _qcow2(context, raw, part)
        else:
            packing.stream_to(context, output.compression, pipeline.of_file(raw), part)
    raw.unlink()


def _write_root_hash(context: Context) -> None:
    root_hash = verity.made(context).root_hash
    artifact.write(context.artifact(ROOT_HASH), f"{root_hash}\n".encode())


def _qcow2(context: Context, raw: Path, part: Path) -> None:
    how = compression.of(context, compression.Format.QCOW2)
    source, made = (path.relative_to(context.build) for path in (raw, part))
    argv = qcow2.convert_argv(source, made, how)
    context.tools.run(argv, env=context.environment(), cwd=context.build)


def _split(context: Context, output: Output, raw: Path, table: Layout) -> None:
    for number, name in disk.NAMES.items():
        if table.has(number):
            _split_off(context, raw, table[number], output.partition(name))
    plan = bootplan.of(context)
    if not plan.boots:
        if output.boots:
            raise LivecdError(
                "SplitArtifacts asks for the kernel, but the disk does not boot",
                why=plan.why,
                remedy="add what is missing to Packages, or Bootable=no",
            )
        return
    boot, newest = rooted.resolve(context.chroot, "boot"), plan.kernels[0]
    initrd = (boot / newest.initrd).read_bytes() if newest.initrd else boot_files.EMPTY_INITRAMFS
    artifact.write(context.artifact(f"{IMAGE}.vmlinuz"), (boot / newest.image).read_bytes())
    artifact.write(context.artifact(f"{IMAGE}.initrd"), initrd)


def _split_off(context: Context, raw: Path, part: Partition, suffix: str) -> None:
    """A partition as a file, compressed as its name says."""
    algorithm = artifacts.of(context.variables).compression
    with artifact.appearing(context.artifact(suffix)) as made:
        if not algorithm:
            extents.copy(raw, made, part.offset, part.size)
            return
        plain = made.with_name(f"{made.name}.plain")
        try:
            extents.copy(raw, plain, part.offset, part.size)
            packing.stream_to(context, algorithm, pipeline.of_file(plain), made)
        finally:
            plain.unlink(missing_ok=True)


def _describe(context: Context, output: Output) -> None:
    """Who reads the manifest wants to know of packages, also where dpkg itself is gone."""
    if output.json:
        artifact.write(context.artifact(f"{IMAGE}.manifest"), manifest.as_json(context))
    if output.changelog:
        artifact.write(context.artifact(f"{IMAGE}.changelog"), manifest.changelog(context))
    if output.nspawn:
        _copy_nspawn(context)
    if output.outputs:
        with artifact.appearing(context.artifact(OUTPUTS)) as part:
            packing.tree(context, finalize.FOLDER, part)
    inventory.write_bill(context, context.chroot, IMAGE, packages.installed(context))


def _copy_nspawn(context: Context) -> None:
    lines = context.variables.get("NSPAWN_SETTINGS", "").split("\n")
    source = Path(next(line for line in lines if line.strip()).partition(":")[0])
    try:
        with artifact.appearing(context.artifact(f"{IMAGE}.nspawn")) as part:
            shutil.copyfile(source, part)
    except FileNotFoundError as error:
        raise LivecdError(
            "the settings for systemd-nspawn can't be read",
            place=str(source),
            why=os.strerror(error.errno or 0),
            remedy="mend NspawnSettings, or set it to nothing",
        ) from error


def _sum(context: Context, output: Output) -> None:
    """Of all that is shipped, as it is shipped; a directory has no sum."""
    made = (context.artifact(suffix) for suffix in artifacts.names(output) if suffix != SUMS)
    sums = context.artifact(SUMS)
    artifact.write(sums, checksums.text(path for path in made if path.is_file()).encode())
    if output.sign and context.overlays is None:
        _sign(context, sums)


def _sign(context: Context, sums: Path) -> None:
    """Under live-build this process can use the user's keys; our own build signs at its end."""
    key = context.variables.get("KEY", "")
    who = ("--local-user", key) if key else ()
    with artifact.appearing(context.artifact(SIGNATURE)) as part:
        argv = ("gpg", "--batch", "--yes", "--armor", *who, "--output", part, "--detach-sign", sums)
        process.run(argv)
