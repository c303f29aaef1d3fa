"""The tree in an ext2, ext3 or ext4 file system, read by debugfs at its place in a disk."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.inspection import attributes
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.tree import KINDS, Entry, Kind, Tree, digest_of
from livecd_rootfs.inspection.unreadable import Unreadable

_ROOT = 2
_LISTED = re.compile(rb"/(\d+)/(\d{6})/(\d+)/(\d+)/([^/]+)/(\d*)/\n")
_ASKED = re.compile(rb"^debugfs: [a-z_ -]+ <(\d+)>\n", re.MULTILINE)
_LINK = re.compile(rb'^Fast link dest: "(.*)"$', re.MULTILINE | re.DOTALL)
_DEVICE = re.compile(rb"^Device major/minor number: (\d+):(\d+)", re.MULTILINE)
# The value behind it is a rendering, or missing if it is long.
_ATTRIBUTE = re.compile(rb"^  (.+) \(\d+\)(?: =|$)", re.MULTILINE)
_SUPER = re.compile(r"^(Block count|Free blocks|Block size): +(\d+)$", re.MULTILINE)
# The file system's own, where its check puts what nothing leads to.
_LOST_AND_FOUND = "lost+found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugfs:
    """debugfs over one file system; it reads a file by the number of its inode."""

    bench: Bench
    image: Path
    offset: int

    def ask(self, *commands: str) -> bytes:
        """All that it prints to these commands, a line each."""
        script = self.bench.place(".commands")
        script.write_text("".join(f"{command}\n" for command in commands))
        device = f"{self.image}?offset={self.offset}" if self.offset else str(self.image)
        printed = self.bench.listed(["debugfs", "-f", script.name, device], self.image)
        script.unlink()
        return printed

    def answers(self, command: str, inodes: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """A command asked for many inodes: what it prints to each."""
        printed = self.ask(*(f"{command} <{inode}>" for inode in inodes))
        asked = list(_ASKED.finditer(printed))
        ends = [*(match.start() for match in asked[1:]), len(printed)]
        for match, end in zip(asked, ends, strict=True) if asked else ():
            yield int(match[1]), printed[match.end() : end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of the file system: their inodes by path."""

    debugfs: Debugfs
    inodes: Mapping[str, int]

    def read(self, path: str) -> bytes:
        """The content of one file."""
        with self._dumped([self.inodes[path]]) as found:
            return found.path(self.inodes[path]).read_bytes()

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of files; hard links are read once."""
        wanted = {path: self.inodes[path] for path in paths}
        digests: dict[int, str] = {}
        with self._dumped(sorted(set(wanted.values()))) as found:
            for inode in set(wanted.values()):
                with found.path(inode).open("rb") as stream:
                    digests[inode] = digest_of(stream)
        return {path: digests[inode] for path, inode in wanted.items()}

    @contextmanager
    def _dumped(self, inodes: Iterable[int]) -> Iterator[_Dump]:
        """Files copied out, until the block is left."""
        folder = self.debugfs.bench.place(".files")
        folder.mkdir()
        self.debugfs.ask(*(f"dump <{inode}> {folder.name}/{inode}" for inode in inodes))
        yield _Dump(folder=folder)
        trees.remove(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dump:
    """Files copied out, named by their inodes."""

    folder: Path

    def path(self, inode: int) -> Path:
        """The copy of a file.

        Raises:
            Unreadable: debugfs could not read it.
        """
        path = self.folder / str(inode)
        if not path.is_file():
            raise Unreadable(f"the file of inode {inode} can't be read")
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    inode: int
    path: str
    entry: Entry


def read(bench: Bench, image: Path, offset: int) -> Tree:
    """The tree of a file system.

    Args:
        bench: where to work.
        image: the disk or the file system.
        offset: where in the image it begins, in bytes.

    Raises:
        Unreadable: debugfs can't read it.
    """
    debugfs = Debugfs(bench=bench, image=image, offset=offset)
    found = list(_walk(debugfs))
    told = _attributes(debugfs, sorted({each.inode for each in found}))
    found = [_with_attributes(each, told) for each in found]
    named = _with_targets(debugfs, found)
    files = {each.path: each.inode for each in found if each.entry.kind is Kind.FILE}
    return Tree(entries=named, source=Files(debugfs=debugfs, inodes=files))


def room(bench: Bench, image: Path, offset: int) -> tuple[int, int]:
    """Bytes of a file system, and how many of them are in use, its own tables too."""
    printed = Debugfs(bench=bench, image=image, offset=offset).ask("show_super_stats -h")
    facts = {name: int(value) for name, value in _SUPER.findall(printed.decode(errors="replace"))}
    total, free = facts.get("Block count", 0), facts.get("Free blocks", 0)
    block = facts.get("Block size", 0)
    return total * block, (total - free) * block


def _walk(debugfs: Debugfs) -> Iterator[_Found]:
    """Every entry, one level of directories after the other."""
    level = {_ROOT: ""}
    while level:
        deeper: dict[int, str] = {}
        answered = set()
        for folder, listing in debugfs.answers("ls -p", level):
            answered.add(folder)
            for each in _entries(level[folder], listing):
                yield each
                if each.entry.kind is Kind.DIRECTORY and each.path:
                    deeper[each.inode] = each.path
        if answered != set(level):
            raise _unreadable(debugfs.ask(f"ls -p <{min(set(level) - answered)}>"))
        level = deeper


def _entries(folder: str, listing: bytes) -> Iterator[_Found]:
    if said := _LISTED.sub(b"", listing).strip():
        raise _unreadable(said)
    for inode, mode, user, group, raw, size in _LISTED.findall(listing):
        name = raw.decode(errors="surrogateescape")
        path = f"{folder}/{name}" if folder else name
        if name == ".." or path == _LOST_AND_FOUND or (name == "." and folder):
            continue
        bits = int(mode, 8)
        kind = KINDS.get(stat.S_IFMT(bits), Kind.FILE)
        entry = Entry(
            kind=kind,
            mode=stat.S_IMODE(bits),
            owner=(int(user), int(group)),
            size=int(size or 0) if kind is Kind.FILE else 0,
        )
        yield _Found(inode=int(inode), path="" if name == "." else path, entry=entry)


def _unreadable(said: bytes) -> Unreadable:
    lines = said.decode(errors="replace").splitlines()
    return Unreadable(
        "its ext4 file system can't be read",
        why=next((line for line in lines if not line.startswith("debugfs 1")), None),
    )


def _with_targets(debugfs: Debugfs, found: list[_Found]) -> dict[str, Entry]:
    """The entries by path; links and devices with what only their inodes tell."""
    inner = {Kind.LINK, Kind.CHARACTER, Kind.BLOCK}
    asked = sorted({each.inode for each in found if each.entry.kind in inner})
    targets = {inode: _target(said) for inode, said in debugfs.answers("stat", asked)}
    slow = {inode for inode, target in targets.items() if target is None}
    texts = _long_targets(debugfs, slow)
    return {
        each.path: replace(each.entry, target=targets.get(each.inode) or texts.get(each.inode, ""))
        for each in found
    }


def _target(said: bytes) -> str | None:
    if device := _DEVICE.search(said):
        return f"{int(device[1])}:{int(device[2])}"
    link = _LINK.search(said)
    return link[1].decode(errors="surrogateescape") if link else None


def _long_targets(debugfs: Debugfs, inodes: set[int]) -> dict[int, str]:
    """The targets of links that are too long for their inodes: they are content."""
    files = Files(debugfs=debugfs, inodes={str(inode): inode for inode in inodes})
    return {
        inode: files.read(str(inode)).decode(errors="surrogateescape") for inode in sorted(inodes)
    }


def _with_attributes(found: _Found, told: Mapping[int, Mapping[str, bytes]]) -> _Found:
    return replace(found, entry=replace(found.entry, attributes=told.get(found.inode, {})))


def _attributes(debugfs: Debugfs, inodes: Iterable[int]) -> dict[int, dict[str, bytes]]:
    """The extended attributes of those inodes that have some; their values are copied out."""
    names = [
        (inode, name.decode(errors="surrogateescape"))
        for inode, said in debugfs.answers("ea_list", inodes)
        for name in _ATTRIBUTE.findall(said)
    ]
    wanted = [(inode, name) for inode, name in names if attributes.counts(name)]
    folder = debugfs.bench.place(".attributes")
    folder.mkdir()
    debugfs.ask(
        *(
            f"ea_get -f {folder.name}/{number} <{inode}> {_quoted(name)}"
            for number, (inode, name) in enumerate(wanted)
        )
    )
    found: dict[int, dict[str, bytes]] = {}
    for number, (inode, name) in enumerate(wanted):
        found.setdefault(inode, {})[name] = (folder / str(number)).read_bytes()
    trees.remove(folder)
    return found


def _quoted(word: str) -> str:
    """A word of a command of debugfs, in which a quote is doubled."""
    return '"' + word.replace('"', '""') + '"'
