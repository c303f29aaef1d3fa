"""The disk of the image pipeline: its partitions, and what is written into each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import artifacts, bootplan, rootfs, verity
from livecd_rootfs.image.verity import Verity
from livecd_rootfs.steps import (
    bios,
    content,
    ext4,
    extents,
    gpt,
    imagesize,
    layout,
    overlay,
    rooted,
    vfat,
)
from livecd_rootfs.steps.bios import Bios
from livecd_rootfs.steps.content import Content
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.imagesize import GIB, IMAGE_SIZE, STEP, ImageSize, round_up
from livecd_rootfs.steps.layout import ALIGNMENT, SECTOR, Layout, Partition, Type
from livecd_rootfs.steps.vfat import File
from livecd_rootfs.variants import GRUB

# The names of partitions that are split off, by their numbers.
NAMES = {layout.ROOT: "root", layout.VERITY: "verity", layout.ESP: "esp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A partition that is to have a place: its number, type, id and size in bytes."""

    number: int
    type: Type
    guid: UUID
    size: int


def lay_out(context: Context, wanted: Sequence[Wanted]) -> Layout:
    """Partitions one after the other, in their order, on whole mebibytes."""
    start, placed = ALIGNMENT, []
    for each in wanted:
        sectors = round_up(each.size, STEP) // SECTOR
        placed.append(
            Partition(
                number=each.number, type=each.type, guid=each.guid, start=start, sectors=sectors
            )
        )
        start += sectors
    return Layout(guid=context.id("disk"), sectors=start + ALIGNMENT, partitions=tuple(placed))


def write(context: Context, path: Path) -> Layout:
    """Write the disk into a file that is made, sparse where nothing is; gives its partitions.

    Args:
        context: the build; its root is in ``chroot``.
        path: the file, in the build directory.

    Raises:
        LivecdError: the content does not fit.
    """
    before = _before(context)
    if artifacts.of(context.variables).verity:
        return _write_verity(context, path, before, verity.made(context))
    return _write_plain(context, path, before)


def _before(context: Context) -> tuple[Wanted, ...]:
    """What lies before the root, so that this can grow."""
    if not bootplan.of(context).boots:
        return ()
    files = sum(len(file.content) for file in rootfs.esp_files(context))
    least = layout.ESP_SECTORS if context.bootloader == GRUB else layout.LARGE_ESP_SECTORS
    size = max(least * SECTOR, round_up(files + files // 8, STEP))
    return (
        *((_bios_boot(context),) if _starts_by_bios(context) else ()),
        Wanted(number=layout.ESP, type=Type.ESP, guid=_id(context, layout.ESP), size=size),
    )


def _starts_by_bios(context: Context) -> bool:
    grub = context.bootloader == GRUB and context.arch in layout.BIOS_ARCHITECTURES
    return grub and bios.is_there(context.chroot)


def _bios_boot(context: Context) -> Wanted:
    number, size = layout.BIOS_BOOT, layout.BIOS_BOOT_SECTORS * SECTOR
    return Wanted(number=number, type=Type.BIOS_BOOT, guid=_id(context, number), size=size)


def _id(context: Context, number: int) -> UUID:
    return context.id(f"partition {number}")


def _write_plain(context: Context, path: Path, before: tuple[Wanted, ...]) -> Layout:
    size = imagesize.of_image(context.variables)
    with rootfs.of_disk(context) as tree:
        measure = content.measure(tree, context.epoch)
        root = Wanted(
            number=layout.ROOT,
            type=layout.ROOT_TYPES.get(context.arch, Type.LINUX),
            guid=_id(context, layout.ROOT),
            size=_root_size(measure, size, before),
        )
        table = lay_out(context, (*before, root))
        _begin(path, table)
        part = table[layout.ROOT]
        files = ext4.named(context, part, label=context.label, size_from=IMAGE_SIZE)
        ext4.make(context, files, disk=path, tree=tree, content=measure)
    _finish(context, path, table)
    return table


def _root_size(measure: Content, size: ImageSize, before: Sequence[Wanted]) -> int:
    if size.total is None:
        return ext4.size_for(measure, size.head_room)
    taken = sum(round_up(each.size, STEP) for each in before)
    left = size.total - taken - 2 * ALIGNMENT * SECTOR
    if left <= 0:
        raise LivecdError(
            f"a disk of {size.total} bytes has no room for a root",
            why=f"its other partitions take {taken} bytes",
            remedy=f"a larger {IMAGE_SIZE}, or `+{GIB >> 30}G` for what the content takes and 1 GiB",
        )
    return left


def _write_verity(
    context: Context, path: Path, before: tuple[Wanted, ...], proved: Verity
) -> Layout:
    root = Wanted(
        number=layout.ROOT,
        type=layout.ROOT_TYPES.get(context.arch, Type.LINUX),
        guid=proved.root_id,
        size=proved.root.stat().st_size,
    )
    hashes = Wanted(
        number=layout.VERITY,
        type=layout.VERITY_TYPES.get(context.arch, Type.LINUX),
        guid=proved.hashes_id,
        size=proved.hashes.stat().st_size,
    )
    table = lay_out(context, (*before, root, hashes))
    _begin(path, table)
    extents.place(proved.root, path, table[layout.ROOT].offset)
    extents.place(proved.hashes, path, table[layout.VERITY].offset)
    _finish(context, path, table)
    return table


def _begin(path: Path, table: Layout) -> None:
    path.touch()
    os.truncate(path, table.size)


def _finish(context: Context, path: Path, table: Layout) -> None:
    """The EFI system partition, GRUB's core, and the table itself."""
    code = b""
    with ExitStack() as stack:
        if table.has(layout.ESP):
            staging = stack.enter_context(overlay.scratch(context))
            files: tuple[File, ...] = rootfs.esp_files(context)
            vfat.make(context, table[layout.ESP], files, disk=path, staging=staging)
        if table.has(layout.BIOS_BOOT):
            code = bios.write(path, _core(context), table[layout.BIOS_BOOT])
    gpt.write(path, table, code)


def _core(context: Context) -> Bios:
    """GRUB as the boot-loader step has left it."""
    folder = rooted.resolve(context.chroot, bios.INSTALLED)
    return Bios(boot=(folder / "boot.img").read_bytes(), core=(folder / "core.img").read_bytes())
