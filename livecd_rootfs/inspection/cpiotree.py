"""The tree in a cpio file, such as an initramfs: archives behind each other, the last compressed.

The forms are those that Linux unpacks at its start, by its "initramfs buffer format": the header
of "newc", in hexadecimal, and names and contents that begin at multiples of four bytes.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from livecd_rootfs.inspection import formats, unpacking
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.formats import Format
from livecd_rootfs.inspection.tree import KINDS, Entry, Kind, Tree, digest_of, normal
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.inspection.window import Window

_HEADER, _FIELD, _ALIGNED = 110, 8, 4
_END = b"TRAILER!!!"
_CHUNK = 1 << 16
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the content of a file lies: in which file, from where on, and how much it is."""

    path: Path
    start: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The plain files of cpio archives, by path."""

    places: Mapping[str, Place]

    def read(self, path: str) -> bytes:
        """The content of one file."""
        place = self.places[path]
        with place.path.open("rb") as stream:
            return Window(stream, place.start, place.size).read()

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of files."""
        found = {}
        for path in paths:
            place = self.places[path]
            with place.path.open("rb") as stream:
                found[path] = digest_of(Window(stream, place.start, place.size))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What stands before a member: numbers, in the order of the format."""

    inode: int
    mode: int
    user: int
    group: int
    links: int
    size: int
    device: tuple[int, int]
    numbers: tuple[int, int]
    name: bytes


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What has been read of archives, each over those before it."""

    entries: dict[str, Entry] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    formats: list[str] = field(default_factory=list)


def read(bench: Bench, path: Path) -> tuple[tuple[str, ...], Tree]:
    """The formats in a cpio file, in their order, and the tree of all of its archives.

    Args:
        bench: where what is compressed is unpacked.
        path: the file.

    Raises:
        Unreadable: it is damaged, or goes on as nothing that is known here.
    """
    reading = _Reading()
    _read(bench, path, reading)
    tree = Tree(entries=reading.entries, source=Contents(places=reading.places))
    return tuple(reading.formats), tree


def _read(bench: Bench, path: Path, reading: _Reading) -> None:
    with path.open("rb") as stream:
        while _is_archive(stream):
            _archive(stream, path, reading)
            reading.formats += [] if reading.formats[-1:] == ["cpio"] else ["cpio"]
            _skip_zeros(stream)
        start = stream.tell()
        if stream.read(1):
            _read(bench, _unpacked(bench, stream, start, reading), reading)


def _is_archive(stream: IO[bytes]) -> bool:
    head = stream.read(len(formats.CPIO[0]))
    stream.seek(-len(head), 1)
    return head in formats.CPIO


def _skip_zeros(stream: IO[bytes]) -> None:
    while chunk := stream.read(_CHUNK):
        if rest := chunk.lstrip(b"\0"):
            stream.seek(-len(rest), 1)
            return


def _unpacked(bench: Bench, stream: IO[bytes], start: int, reading: _Reading) -> Path:
    """What is compressed in a file from a place on, as a file that is not."""
    stream.seek(start)
    kind = formats.of_bytes(stream.read(_HEADER), b"")
    if kind not in formats.COMPRESSIONS:
        raise Unreadable("its cpio archive goes on as nothing that is known here")
    stream.seek(start)
    packed = bench.place(".packed")
    unpacking.copy(stream, packed)
    reading.formats.append(kind.value)
    inner = unpacking.unpack(bench, packed, kind.value)
    if formats.detect(inner) is not Format.CPIO:
        raise Unreadable(f"what {kind.value} has packed in it is no cpio archive")
    return inner


def _archive(stream: IO[bytes], path: Path, reading: _Reading) -> None:
    """One archive, to its end."""
    linked: dict[tuple[int, tuple[int, int]], list[str]] = {}
    for header in _members(stream):
        name = normal(header.name.decode(errors="surrogateescape"))
        start = stream.tell()
        entry = _entry(header, stream)
        names = [name]
        if entry.kind is Kind.FILE and header.links > 1:
            names = linked.setdefault((header.inode, header.device), [])
            names.append(name)
        if entry.kind is Kind.FILE and (header.size or len(names) == 1):
            # The content of hard links stands behind one of them, mostly the last.
            place = Place(path=path, start=start, size=header.size)
            reading.places |= dict.fromkeys(names, place)
            reading.entries |= dict.fromkeys(names, entry)
        elif entry.kind is Kind.FILE:
            reading.places[name] = reading.places[names[0]]
            reading.entries[name] = reading.entries[names[0]]
        else:
            reading.entries[name] = entry
        stream.seek(start + header.size)
        _align(stream)


def _members(stream: IO[bytes]) -> Iterator[_Header]:
    while (header := _header(stream)).name != _END:
        yield header


def _header(stream: IO[bytes]) -> _Header:
    inode, mode, user, group, links, _, size, *device, major, minor, length, _ = _fields(stream)
    name = stream.read(length).rstrip(b"\0")
    _align(stream)
    return _Header(
        inode=inode,
        mode=mode,
        user=user,
        group=group,
        links=links,
        size=size,
        device=(device[0], device[1]),
        numbers=(major, minor),
        name=name,
    )


def _fields(stream: IO[bytes]) -> tuple[int, ...]:
    """The numbers of a header."""
    text = stream.read(_HEADER)
    begun = len(formats.CPIO[0])
    whole = len(text) == _HEADER and text[:begun] in formats.CPIO
    fields = [text[at : at + _FIELD] for at in range(begun, len(text), _FIELD)]
    if not whole or not all(map(_HEXADECIMAL.fullmatch, fields)):
        raise Unreadable("it is no whole cpio archive")
    return tuple(int(each, 16) for each in fields)


def _align(stream: IO[bytes]) -> None:
    stream.seek(-stream.tell() % _ALIGNED, 1)


def _entry(header: _Header, stream: IO[bytes]) -> Entry:
    kind = KINDS.get(stat.S_IFMT(header.mode), Kind.FILE)
    target = ""
    if kind is Kind.LINK:
        target = stream.read(header.size).decode(errors="surrogateescape")
    elif kind in {Kind.CHARACTER, Kind.BLOCK}:
        target = "{}:{}".format(*header.numbers)
    return Entry(
        kind=kind,
        mode=stat.S_IMODE(header.mode),
        owner=(header.user, header.group),
        size=header.size if kind is Kind.FILE else 0,
        target=target,
        attributes={},  # what the format has none of, no file that is unpacked from it will have
    )
