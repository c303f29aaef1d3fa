"""The disk in a file: compressed, in an archive, or in an archive that is compressed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs.inspection import formats, tartree, unpacking
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.formats import Format
from livecd_rootfs.inspection.tree import Entry
from livecd_rootfs.inspection.unreadable import Unreadable

OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
# No builder packs as often; a file can be made that is in itself for ever.
DEEPEST = 16
# The disk in an archive of disks: by what the archives of each kind call it.
_DISK_NAMES = re.compile(r".*\.(?:vmdk|vhd|vdi|qcow2|img|raw)")


def member(entries: Mapping[str, Entry]) -> str | None:
    """The disk among the entries of a tar file: the largest one.

    ``None`` if there is none, or if it is the tar file of a root, where one lies by chance.
    """
    if any(name in entries for name in OS_RELEASE):
        return None
    names = [name for name in entries if "/" not in name and _DISK_NAMES.fullmatch(name)]
    return max(names, key=lambda name: entries[name].size, default=None)


def extracted(bench: Bench, path: Path, name: str) -> Path:
    """A member of a tar file, as a file.

    Raises:
        Unreadable: it is damaged.
    """
    target = bench.place(".member")
    with tartree.opened(path) as archive:
        found = next(each for each in archive if each.name.removeprefix("./") == name)
        stream = archive.extractfile(found)
        if stream is None:
            raise Unreadable(f"its {name} is no file")
        unpacking.copy(stream, target)
    return target


def is_packed(path: Path) -> bool:
    """Whether a file may hold a disk, rather than be one.

    Raises:
        Unreadable: it can't be read, or is empty.
    """
    return formats.detect(path) in {*formats.COMPRESSIONS, Format.TAR}


def disk(bench: Bench, path: Path, *, depth: int = 0) -> Path:
    """The disk in a file; the file itself, if it is neither compressed nor an archive.

    Args:
        bench: where it is unpacked.
        path: the file.
        depth: how many others it was in.

    Raises:
        Unreadable: it is damaged, or there is no disk in it.
    """
    if depth > DEEPEST:
        raise Unreadable("its formats lie one in the other without end")
    kind = formats.detect(path)
    if kind in formats.COMPRESSIONS:
        return disk(bench, unpacking.unpack(bench, path, kind.value), depth=depth + 1)
    if kind is not Format.TAR:
        return path
    name = member(tartree.read(path).entries)
    if name is None:
        raise Unreadable(
            "it is a tar file without a disk in it", remedy="name an archive of a disk"
        )
    return disk(bench, extracted(bench, path, name), depth=depth + 1)
