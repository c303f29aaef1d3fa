"""How a disk boots: what a BIOS finds, what UEFI starts, and the kernels behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.inspection import pe
from livecd_rootfs.inspection.artifact import Artifact
from livecd_rootfs.inspection.disk import BIOS_BOOT, Disk
from livecd_rootfs.inspection.pe import Program
from livecd_rootfs.inspection.tree import Kind, Tree
from livecd_rootfs.steps import kernels
from livecd_rootfs.steps.gpt import BOOT_CODE_SIZE

_ESP = "boot/efi"
# Stands for what has a loader's name and is none.
NO_PROGRAM = Program(machine="", signed=False, sections={}, label="no EFI program")
# Boot loaders by a word in their boot sectors.
_BOOT_CODES = ((b"GRUB", "GRUB"), (b"SYSLINUX", "SYSLINUX"), (b"isolinux", "ISOLINUX"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A program that UEFI starts, or that is started by one: where it is, and what."""

    path: str
    program: Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A kernel; ``initrd`` is the size of its initramfs, ``None`` if it has none."""

    version: str
    size: int
    initrd: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BootChain:
    """How a disk boots.

    Attributes:
        bios: the boot loader in the boot sector; empty if there is none.
        loaders: what UEFI starts by itself, and what that starts in turn.
        kernels: the kernels, newest first.
    """

    bios: str
    loaders: tuple[Loader, ...]
    kernels: tuple[Kernel, ...]

    @property
    def is_signed(self) -> bool:
        """Whether all that UEFI starts carries a signature, so that Secure Boot may take it."""
        return bool(self.loaders) and all(loader.program.signed for loader in self.loaders)


def of(artifact: Artifact) -> BootChain:
    """How an artifact boots; of a tree without a disk only the kernels are known."""
    tree = artifact.tree
    return BootChain(
        bios=_bios(artifact.disk) if artifact.disk else "",
        loaders=tuple(_loaders(_esp(artifact))),
        kernels=tuple(_kernels(tree)) if tree else (),
    )


def _esp(artifact: Artifact) -> Tree | None:
    """The tree of the EFI system partition."""
    named = dict(artifact.parts)
    return named.get(_ESP) or next(
        (tree for tree in named.values() if any(path.upper() == "EFI" for path in tree.entries)),
        None,
    )


def _bios(disk: Disk) -> str:
    """GRUB needs its partition as well, where the table is a GPT."""
    code = _read(disk.image.path, 0, BOOT_CODE_SIZE)
    if not any(code):
        return ""
    name = next((name for word, name in _BOOT_CODES if word in code), "unknown boot loader")
    core = [part for part in disk.partitions if part.type.upper() == BIOS_BOOT]
    if (
        disk.table == "gpt"
        and name == "GRUB"
        and not any(_filled(disk, part.start) for part in core)
    ):
        return "GRUB, without its core"
    return name


def _filled(disk: Disk, start: int) -> bool:
    return any(_read(disk.image.path, start, BOOT_CODE_SIZE))


def _read(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(start)
        return stream.read(size)


def _loaders(esp: Tree | None) -> Iterator[Loader]:
    """The programs that UEFI starts without being told, and GRUB where shim looks for it."""
    if esp is None:
        return
    names = {path.upper(): path for path in esp.entries}
    for path in sorted(names):
        folder, _, name = path.rpartition("/")
        if folder == "EFI/BOOT" and name.startswith("BOOT") and name.endswith(".EFI"):
            first = _loader(esp, names[path])
            yield first
            after = f"{folder}/GRUB{name.removeprefix('BOOT')}"
            if first.program.name.startswith("shim") and after in names:
                yield _loader(esp, names[after])
    for path in sorted(names):
        if path.startswith("EFI/LINUX/") and path.endswith(".EFI"):
            yield _loader(esp, names[path])


def _loader(esp: Tree, path: str) -> Loader:
    try:
        return Loader(path=path, program=pe.parse(esp.source.read(path)))
    except ValueError:
        return Loader(path=path, program=NO_PROGRAM)


def _kernels(tree: Tree) -> Iterator[Kernel]:
    boot = tree.below("boot")
    files = {name: entry for name, entry in boot.items() if entry.kind is Kind.FILE}
    for found in kernels.ordered(files):
        yield Kernel(
            version=found.version,
            size=files[found.image].size,
            initrd=files[found.initrd].size if found.initrd else None,
        )
