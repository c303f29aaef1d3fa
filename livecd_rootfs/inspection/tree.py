"""A tree of files, wherever it comes from: what there is, and what is in it."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from livecd_rootfs.steps.rooted import MAX_LINKS


class Kind(Enum):
    """What an entry of a directory is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    CHARACTER = "character device"
    BLOCK = "block device"
    PIPE = "pipe"
    SOCKET = "socket"


# By the bits of a mode that say it: inode(7).
KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFCHR: Kind.CHARACTER,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.PIPE,
    stat.S_IFSOCK: Kind.SOCKET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file, of whatever kind.

    Attributes:
        kind: what it is.
        mode: its permissions; ``None`` where the file system has none.
        owner: its user and group by number; ``None`` where there are none.
        size: bytes of a plain file, 0 for others.
        target: where a link leads, or the numbers of a device.
        attributes: extended attributes; ``None`` where they are not told.
    """

    kind: Kind
    mode: int | None
    owner: tuple[int, int] | None
    size: int = 0
    target: str = ""
    attributes: Mapping[str, bytes] | None = None


class Source(Protocol):
    """Gives the content of plain files, by their paths."""

    def read(self, path: str) -> bytes:
        """The content of one file."""

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The SHA-256 of files, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree: entries by their paths, which begin with no slash; its own is empty."""

    entries: Mapping[str, Entry]
    source: Source

    def text(self, path: str) -> str:
        """The text of a file, links followed; empty when there is none."""
        found = self.resolve(path)
        if found is None or self.entries[found].kind is not Kind.FILE:
            return ""
        return self.source.read(found).decode(errors="replace")

    def resolve(self, path: str) -> str | None:
        """The path that links lead to; ``None`` when nothing is there."""
        pending, done, links = _parts(path), list[str](), 0
        while pending:
            part = pending.pop()
            if part == "..":
                done = done[:-1]
                continue
            entry = self.entries.get("/".join((*done, part)))
            if entry is None:
                return None
            if entry.kind is not Kind.LINK:
                done.append(part)
                continue
            links += 1
            if links > MAX_LINKS:
                return None
            done = [] if entry.target.startswith("/") else done
            pending += _parts(entry.target)
        return "/".join(done)

    def below(self, folder: str) -> dict[str, Entry]:
        """The entries right in a directory, by name, links to it followed."""
        found = self.resolve(folder)
        if found is None:
            return {}
        start = f"{found}/" if found else ""
        return {
            path.removeprefix(start): entry
            for path, entry in self.entries.items()
            if path.startswith(start) and path != found and "/" not in path.removeprefix(start)
        }


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part not in {"", "."}]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def normal(path: str) -> str:
    """A path as trees have it, from ``./a/b/`` or ``/a/b``."""
    return "/".join(reversed(_parts(path)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Several trees as one: for each path, the tree that has it and the path there."""

    places: Mapping[str, tuple[Tree, str]]

    def read(self, path: str) -> bytes:
        """The content of one file."""
        tree, inner = self.places[path]
        return tree.source.read(inner)

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests, asked of each tree at once."""
        asked: dict[int, tuple[Tree, dict[str, str]]] = {}
        for path in paths:
            tree, inner = self.places[path]
            asked.setdefault(id(tree), (tree, {}))[1][inner] = path
        return {
            outer[inner]: digest
            for tree, outer in asked.values()
            for inner, digest in tree.source.digests(outer).items()
        }


def united(places: Mapping[str, tuple[Tree, str]]) -> Tree:
    """The tree of these places."""
    entries = {path: tree.entries[inner] for path, (tree, inner) in places.items()}
    return Tree(entries=entries, source=Union(places=places))


def mounted(root: Tree, others: Mapping[str, Tree]) -> Tree:
    """A tree with others in some of its directories."""
    places = {path: (root, path) for path in root.entries}
    for folder, tree in others.items():
        places |= {_join(folder, path): (tree, path) for path in tree.entries if path}
    return united(places)


class Readable(Protocol):
    """What can be read bit by bit."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at its end."""


def digest_of(stream: Readable) -> str:
    """The SHA-256 of what is left in a stream."""
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
