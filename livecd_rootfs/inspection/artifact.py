"""An artifact, opened: its formats one in the other, its disk, its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from livecd_rootfs.inspection import (
    cpiotree,
    disk,
    foldertree,
    formats,
    nested,
    ocitree,
    pe,
    squashtree,
    tartree,
    unpacking,
    virtualdisk,
)
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.disk import Disk, FileSystem, Image
from livecd_rootfs.inspection.formats import Format
from livecd_rootfs.inspection.pe import Program
from livecd_rootfs.inspection.tree import Tree, mounted
from livecd_rootfs.inspection.unreadable import KNOWN, Unreadable

_FAT_MOUNT, _BOOT_MOUNT = "boot/efi", "boot"


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """An artifact.

    Attributes:
        name: its file name.
        size: bytes of the file.
        formats: what it is, from the outside in, as in ``gzip``, ``vagrant box``, ``vmdk``.
        disk: the disk in it, if it is one.
        files: the file system that it is, if it is one without a partition table.
        program: the EFI program that it is.
        parts: its trees, that of the root first, and where the others are mounted in it.
    """

    name: str
    size: int
    formats: tuple[str, ...]
    disk: Disk | None = None
    files: FileSystem | None = None
    program: Program | None = None
    parts: tuple[tuple[str, Tree], ...] = ()

    @cached_property
    def tree(self) -> Tree | None:
        """All that can be read of it as one tree; ``None`` if nothing can be."""
        if not self.parts:
            return None
        (_, root), *others = self.parts
        return mounted(root, dict(others)) if others else root


def open_artifact(bench: Bench, path: Path) -> Artifact:
    """Open an artifact.

    Args:
        bench: where it is taken apart.
        path: the file; or a directory, of a root or of a container image's layout.

    Raises:
        LivecdError: it is damaged, or nothing that anybody here knows.
    """
    absolute = path.absolute()
    try:
        if _is_folder(absolute):
            return _folder(bench, path.resolve())
        kind = formats.detect(absolute)
        found = Artifact(name=path.name, size=absolute.stat().st_size, formats=())
        return _opened(bench, found, absolute, kind)
    except Unreadable as error:
        raise error.about(f"{path} can't be inspected") from error


def _is_folder(path: Path) -> bool:
    """Whether it is a directory; what can't even be seen is told by who opens it."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _opened(bench: Bench, outer: Artifact, path: Path, kind: Format) -> Artifact:
    """What is in a file that is part of an artifact."""
    if len(outer.formats) > nested.DEEPEST:
        raise Unreadable("its formats lie one in the other without end")
    if kind in formats.COMPRESSIONS:
        inner = unpacking.unpack(bench, path, kind.value)
        return _opened(bench, _within(outer, kind.value), inner, formats.detect(inner))
    if kind in formats.QEMU:
        return _converted(bench, outer, path, kind)
    return _OPENERS[kind](bench, outer, path)


def _within(outer: Artifact, *names: str) -> Artifact:
    return replace(outer, formats=(*outer.formats, *names))


def _converted(bench: Bench, outer: Artifact, path: Path, kind: Format) -> Artifact:
    raw, told = virtualdisk.converted(bench, path, kind)
    return _raw(bench, _within(outer, told), raw)


def _raw(bench: Bench, outer: Artifact, path: Path) -> Artifact:
    """A raw disk, or a file system without one."""
    image = Image(bench=bench, path=path)
    facts = disk.probe(image)
    if "PTTYPE" in facts and "TYPE" not in facts:
        return _disk(_within(outer, "disk"), disk.read(image))
    files = disk.file_system(image)
    if files is None:
        raise Unreadable(
            "it is nothing that is known here",
            why="it has neither a known format nor a partition table or file system",
            remedy=KNOWN,
        )
    tree = disk.tree_of(image, files, 0)
    parts = (("/", tree),) if tree else ()
    return replace(_within(outer, files.type), files=files, parts=parts)


def _disk(outer: Artifact, found: Disk) -> Artifact:
    trees = {
        part.number: tree
        for part in found.partitions
        if (tree := disk.tree_of(found.image, part.files, part.start))
    }
    root = _root_of(trees)
    if root is None:
        parts = [(f"partition {number}", tree) for number, tree in trees.items()]
        return replace(outer, disk=found, parts=tuple(parts))
    others = _mounts(found, {number: tree for number, tree in trees.items() if number != root})
    return replace(outer, disk=found, parts=(("/", trees[root]), *others))


def _root_of(trees: dict[int, Tree]) -> int | None:
    """The partition with the root: that with an os-release."""
    return next(
        (
            number
            for number, tree in trees.items()
            if any(name in tree.entries for name in nested.OS_RELEASE)
        ),
        None,
    )


def _mounts(found: Disk, trees: dict[int, Tree]) -> Iterable[tuple[str, Tree]]:
    """Where the other file systems lie in the running system: /boot before /boot/efi."""
    for number, tree in sorted(trees.items(), key=lambda each: _is_fat(found, each[0])):
        yield (_FAT_MOUNT if _is_fat(found, number) else _BOOT_MOUNT), tree


def _is_fat(found: Disk, number: int) -> bool:
    part = next(part for part in found.partitions if part.number == number)
    return part.files is not None and part.files.type == "vfat"


def _squashfs(bench: Bench, outer: Artifact, path: Path) -> Artifact:
    return replace(_within(outer, "squashfs"), parts=(("/", squashtree.read(bench, path)),))


def _folder(bench: Bench, path: Path) -> Artifact:
    tree = foldertree.read(path)
    size = sum(entry.size for entry in tree.entries.values())
    kinds: tuple[str, ...] = ("directory",)
    if ocitree.is_image(tree):
        tree, kinds = ocitree.read(bench, path, tree), (*kinds, "container image")
    return Artifact(name=path.name, size=size, formats=kinds, parts=(("/", tree),))


def _efi(bench: Bench, outer: Artifact, path: Path) -> Artifact:
    del bench
    try:
        program = pe.parse(path.read_bytes())
    except ValueError as error:
        raise Unreadable("it is no whole EFI program", why=str(error)) from error
    parts = (("/", pe.tree(program)),)
    return replace(_within(outer, "EFI program"), program=program, parts=parts)


def _tar(bench: Bench, outer: Artifact, path: Path) -> Artifact:
    """A tar file: of a root, of a container's layers, or of a disk."""
    tree = tartree.read(path)
    if ocitree.is_image(tree):
        merged = ocitree.read(bench, path, tree)
        return replace(_within(outer, "tar", "container image"), parts=(("/", merged),))
    boxed = nested.member(tree.entries)
    if boxed is not None:
        inner = nested.extracted(bench, path, boxed)
        kind = _archive_kind(tree)
        return _opened(bench, _within(outer, *kind), inner, formats.detect(inner))
    return replace(_within(outer, "tar"), parts=(("/", tree),))


def _cpio(bench: Bench, outer: Artifact, path: Path) -> Artifact:
    names, tree = cpiotree.read(bench, path)
    return replace(_within(outer, *names), parts=(("/", tree),))


def _archive_kind(tree: Tree) -> tuple[str, ...]:
    names = tree.entries.keys()
    if "metadata.json" in names:
        return ("tar", "vagrant box")
    return ("ova",) if any(name.endswith(".ovf") for name in names) else ("tar",)


_OPENERS: dict[Format, Callable[[Bench, Artifact, Path], Artifact]] = {
    Format.SQUASHFS: _squashfs,
    Format.EFI: _efi,
    Format.TAR: _tar,
    Format.CPIO: _cpio,
    Format.OTHER: _raw,
}
