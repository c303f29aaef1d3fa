"""A raw disk: its partition table as sfdisk reads it, its file systems as blkid knows them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.inspection import exttree, vfattree
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.tree import Tree
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.process import CommandError, Completed
from livecd_rootfs.steps.layout import SECTOR, Type

# The types of a boot partition and of EFI's, in a GPT and in an MBR.
ESP = (str(Type.ESP.value).upper(), "ef")
BIOS_BOOT = str(Type.BIOS_BOOT.value).upper()

_EXT = re.compile(r"ext[234]")
_NOTHING_FOUND = 2
_PROTECTIVE = "ee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A raw disk, or a file system, in a file.

    Attributes:
        bench: runs what reads it.
        path: the file.
    """

    bench: Bench
    path: Path

    def run(self, *argv: str | Path, check: bool = True) -> Completed:
        """Run a tool that reads it."""
        return self.bench.run(argv, self.path, check=check)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system, or whatever else blkid finds in a partition.

    Attributes:
        type: ext4, vfat, swap...
        label: its label; empty if it has none.
        uuid: its id; likewise.
        used: bytes in use; ``None`` where that is not known.
    """

    type: str
    label: str
    uuid: str
    used: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition.

    Attributes:
        number: its number.
        type: its type, a GUID in a GPT, two digits in an MBR.
        name: the type's name.
        start: where it begins, in bytes.
        size: bytes.
        uuid: its id.
        files: what is in it; ``None`` where nobody knows.
    """

    number: int
    type: str
    name: str
    start: int
    size: int
    uuid: str
    files: FileSystem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A raw disk in a file, and its partitions by number.

    Attributes:
        image: the file.
        size: bytes.
        table: gpt or dos.
        id: the table's id.
        partitions: the partitions.
    """

    image: Image
    size: int
    table: str
    id: str
    partitions: tuple[Partition, ...]


def probe(image: Image, *, start: int = 0, size: int = 0) -> dict[str, str]:
    """What blkid finds: TYPE, LABEL, UUID of a file system, PTTYPE of a partition table.

    Args:
        image: the file to look into.
        start: the first byte to look at.
        size: how many bytes; 0 for all.

    Raises:
        Unreadable: it can't be read.
    """
    place = ("-O", str(start), "-S", str(size)) if size else ()
    answer = image.run("blkid", "-p", "-o", "export", *place, image.path, check=False)
    if answer.status not in {0, _NOTHING_FOUND}:
        raise Unreadable("blkid can't read it", why=answer.stderr.strip() or None)
    pairs = (line.partition("=") for line in answer.stdout.splitlines())
    return {key: re.sub(r"\\(.)", r"\1", value) for key, _, value in pairs}


def read(image: Image) -> Disk:
    """The partitions of a disk.

    Raises:
        Unreadable: its table is damaged, or the disk ends before a partition does.
    """
    try:
        table = json.loads(image.run("sfdisk", "--json", image.path).stdout)["partitiontable"]
    except (CommandError, ValueError, KeyError) as error:
        raise Unreadable("its partition table is damaged") from error
    _check_protected(table)
    names = _type_names(image)
    sector = int(table.get("sectorsize", SECTOR))
    rows = table.get("partitions", [])
    size = image.path.stat().st_size
    for row in rows:
        _check_end(row, sector, size)
    found = (_partition(image, row, sector, names) for row in rows)
    return Disk(
        image=image,
        size=size,
        table=str(table["label"]),
        id=str(table.get("id", "")),
        partitions=tuple(sorted(found, key=lambda each: each.number)),
    )


def _check_protected(table: Mapping[str, object]) -> None:
    """A GPT that can't be read leaves only the entry that protects it from older tools."""
    rows = table.get("partitions", [])
    types = [row["type"] for row in rows[:1]] if isinstance(rows, list) else []
    if table["label"] == "dos" and types == [_PROTECTIVE]:
        raise Unreadable(
            "it is cut off, or its partition table is damaged",
            why="it should have a GPT, and has no valid one",
        )


def _check_end(row: Mapping[str, object], sector: int, size: int) -> None:
    end = (int(str(row["start"])) + int(str(row["size"]))) * sector
    if end > size:
        raise Unreadable(
            "it is cut off",
            why=f"partition {_number(row)} ends at {units.size(end)}, "
            f"the disk at {units.size(size)}",
        )


def _number(row: Mapping[str, object]) -> int:
    return int(re.sub(r".*\D", "", str(row["node"])))


def _type_names(image: Image) -> dict[str, str]:
    """Sfdisk's names of the partitions' types, by node."""
    listing = image.run("sfdisk", "--list", "--output", "Device,Type", image.path).stdout
    rows = listing.rpartition("\nDevice")[2].splitlines()[1:]
    split = (row.removeprefix(str(image.path)).partition(" ") for row in rows if row.strip())
    return {f"{image.path}{number}": name.strip() for number, _, name in split}


def _partition(
    image: Image, row: Mapping[str, object], sector: int, names: Mapping[str, str]
) -> Partition:
    start, size = (int(str(row[key])) * sector for key in ("start", "size"))
    return Partition(
        number=_number(row),
        type=str(row["type"]),
        name=names.get(str(row["node"]), str(row["type"])),
        start=start,
        size=size,
        uuid=str(row.get("uuid", "")),
        files=file_system(image, start=start, size=size),
    )


def file_system(image: Image, *, start: int = 0, size: int = 0) -> FileSystem | None:
    """The file system at a place; the arguments are those of ``probe``.

    Raises:
        Unreadable: it can't be read.
    """
    facts = probe(image, start=start, size=size)
    kind = facts.get("TYPE")
    if kind is None:
        return None
    if kind == "vfat":
        _check_room(kind, vfattree.room(image.path, start), image, start, size)
    return FileSystem(
        type=kind,
        label=facts.get("LABEL", ""),
        uuid=facts.get("UUID", ""),
        used=_used(image, start, size) if _EXT.fullmatch(kind) else None,
    )


def _used(image: Image, start: int, size: int) -> int:
    """Bytes in use of an ext4, which is seen to be whole."""
    total, used = exttree.room(image.bench, image.path, start)
    _check_room("ext4", total, image, start, size)
    return used


def _check_room(kind: str, total: int, image: Image, start: int, size: int) -> None:
    if total > (size or image.path.stat().st_size - start):
        why = f"its {kind} file system is larger than its place"
        raise Unreadable("it is cut off", why=why)


def tree_of(image: Image, files: FileSystem | None, start: int) -> Tree | None:
    """The tree in a file system; ``None`` if it is of a type that can't be read here."""
    if files is None:
        return None
    if _EXT.fullmatch(files.type):
        return exttree.read(image.bench, image.path, start)
    return vfattree.read(image.bench, image.path, start) if files.type == "vfat" else None
