"""The tree in a squashfs, as unsquashfs writes it: a list of everything, and the data behind it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from livecd_rootfs.inspection import attributes
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.tree import Entry, Kind, Tree, normal
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.inspection.window import Ranges
from livecd_rootfs.process import CommandError

# The format is that of a pseudo file: mksquashfs(1), "Pseudo file definition format".
_HEAD_END = b"#\n# START OF DATA - DO NOT MODIFY\n#\n"
_LINE = re.compile(
    rb"((?:\\.|[^\\ ])+) (?:L ((?:\\.|[^\\\n])+)|([DRSCBI]) \d+ (\d+) (\d+) (\d+)(?: ([^\n]*))?"
    rb"|x [^\n]*)\n",
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
# An attribute of the file before: mksquashfs(1), "Pseudo file definition format", x.
_ATTRIBUTE = re.compile(
    rb"^((?:\\.|[^\\ \n])+) x ([^=\n]+)=(0t)?([^\n]*)\n", re.MULTILINE | re.DOTALL
)
_OCTAL = re.compile(rb"\\([0-7]{3})")
_SUPERBLOCK = struct.Struct("<40xQ8xQ")
_NO_TABLE = 0xFFFFFFFFFFFFFFFF
_KINDS = {
    b"D": Kind.DIRECTORY,
    b"R": Kind.FILE,
    b"S": Kind.LINK,
    b"C": Kind.CHARACTER,
    b"B": Kind.BLOCK,
}


def read(bench: Bench, image: Path) -> Tree:
    """The tree of a squashfs.

    Raises:
        Unreadable: it is damaged.
    """
    has_attributes = _check(image)
    unpacked = bench.place(".pseudo")
    try:
        bench.run(["unsquashfs", "-quiet", "-no-progress", "-pf", unpacked.name, image], image)
    except CommandError as error:
        said = (error.completed.stderr or error.completed.stdout).splitlines()
        raise Unreadable("its squashfs can't be read", why=said[0] if said else None) from error
    with unpacked.open("rb") as stream:
        head = _head(stream.read(1 << 20), stream)
    return parsed(head, unpacked, has_attributes=has_attributes)


def _check(image: Path) -> bool:
    """Whether a file of it has extended attributes, which unsquashfs tells since 4.6.

    The superblock has the number of bytes used; unsquashfs reads what is there of fewer.
    """
    with image.open("rb") as stream:
        head = stream.read(_SUPERBLOCK.size)
        size = stream.seek(0, 2)
    if len(head) < _SUPERBLOCK.size or size < _SUPERBLOCK.unpack(head)[0]:
        raise Unreadable("it is cut off", why="its squashfs is larger than the file")
    return bool(_SUPERBLOCK.unpack(head)[1] != _NO_TABLE)


def _attributes(head: bytes) -> dict[str, dict[str, bytes]]:
    """The extended attributes in the list of everything, by path."""
    found: dict[str, dict[str, bytes]] = {}
    for path, raw, escaped, value in _ATTRIBUTE.findall(head):
        name = raw.decode(errors="surrogateescape")
        if attributes.counts(name):
            plain = _OCTAL.sub(_byte, value) if escaped else value
            found.setdefault(normal(_plain(path)), {})[name] = plain
    return found


def _byte(octal: re.Match[bytes]) -> bytes:
    return bytes([int(octal[1], 8)])


def _head(beginning: bytes, stream: Iterator[bytes]) -> bytes:
    """What is before the data."""
    text = bytearray(beginning)
    while (end := text.find(_HEAD_END)) < 0:
        line = next(stream, b"")
        if not line:
            return bytes(text)
        text += line
    return bytes(text[:end])


def parsed(head: bytes, unpacked: Path, *, has_attributes: bool) -> Tree:
    """The tree of a list of everything.

    Args:
        head: the list.
        unpacked: the file that begins with it.
        has_attributes: some file has extended attributes; an older unsquashfs
            tells none of them, then they are unknown.
    """
    start = len(head) + len(_HEAD_END)
    told = _attributes(head)
    known = bool(told) or not has_attributes
    entries: dict[str, Entry] = {}
    ranges: dict[str, tuple[int, int]] = {}
    for name, link, kind, mode, user, group, rest in _LINE.findall(head):
        path = normal(_plain(name))
        if link:
            same = normal(_plain(link))
            entries[path] = entries[same]
            ranges |= {path: ranges[same]} if same in ranges else {}
        if not kind:
            continue
        entry = _entry(kind, int(mode, 8), (int(user), int(group)), rest)
        entries[path] = replace(entry, attributes=told.get(path, {}) if known else None)
        if kind == b"R":
            length, offset = (int(number) for number in rest.split()[:2])
            ranges[path] = (start + offset, length)
    return Tree(entries=entries, source=Ranges(path=unpacked, ranges=ranges))


def _entry(kind: bytes, mode: int, owner: tuple[int, int], rest: bytes) -> Entry:
    if kind == b"I":
        found = Kind.SOCKET if rest.strip() == b"s" else Kind.PIPE
        return Entry(kind=found, mode=mode, owner=owner)
    target = {
        b"S": rest.decode(errors="surrogateescape"),
        b"C": ":".join(rest.decode().split()),
        b"B": ":".join(rest.decode().split()),
    }.get(kind, "")
    size = int(rest.split()[0]) if kind == b"R" else 0
    return Entry(kind=_KINDS[kind], mode=mode, owner=owner, size=size, target=target)


def _plain(name: bytes) -> str:
    return _ESCAPED.sub(rb"\1", name).decode(errors="surrogateescape")
