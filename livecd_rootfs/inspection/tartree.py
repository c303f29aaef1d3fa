"""The tree in a tar file."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tarfile import TarFile, TarInfo

from livecd_rootfs.inspection import attributes
from livecd_rootfs.inspection.tree import Entry, Kind, Tree, digest_of, normal
from livecd_rootfs.inspection.unreadable import Unreadable

_KINDS = {
    tarfile.DIRTYPE: Kind.DIRECTORY,
    tarfile.SYMTYPE: Kind.LINK,
    # One whose other name is not there: it leads nowhere, too.
    tarfile.LNKTYPE: Kind.LINK,
    tarfile.CHRTYPE: Kind.CHARACTER,
    tarfile.BLKTYPE: Kind.BLOCK,
    tarfile.FIFOTYPE: Kind.PIPE,
}
# Of a PAX header, in UTF-8 as far as they are that (GNU tar, libarchive, Go).
_ATTRIBUTE = "SCHILY.xattr."


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The plain files of a tar file, by path."""

    path: Path
    members: Mapping[str, TarInfo]

    def read(self, path: str) -> bytes:
        """The content of one file."""
        with opened(self.path) as archive:
            found = archive.extractfile(self.members[path])
            return found.read() if found else b""

    def digests(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The digests of files, in the order in which they lie."""
        ordered = sorted(paths, key=lambda path: self.members[path].offset_data)
        digests = {}
        with opened(self.path) as archive:
            for path in ordered:
                if found := archive.extractfile(self.members[path]):
                    digests[path] = digest_of(found)
        return digests


@contextmanager
def opened(path: Path) -> Iterator[TarFile]:
    """A tar file that is not compressed.

    Raises:
        Unreadable: it is damaged, also when that shows only later.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise Unreadable("it is no whole tar file", why=str(error)) from error


def read(path: Path) -> Tree:
    """The tree of a tar file that is not compressed; what is in it twice counts the last time.

    Raises:
        Unreadable: it is damaged.
    """
    entries: dict[str, Entry] = {}
    members: dict[str, TarInfo] = {}
    with opened(path) as archive:
        for member in archive:
            name = normal(member.name)
            same = normal(member.linkname)
            if member.islnk() and same in entries:
                entries[name] = entries[same]
                members |= {name: members[same]} if same in members else {}
                continue
            entries[name] = _entry(member)
            members |= {name: member} if entries[name].kind is Kind.FILE else {}
        end = archive.offset
    _check_end(path, end)
    return Tree(entries=entries, source=Members(path=path, members=members))


def _check_end(path: Path, end: int) -> None:
    """A tar file ends with blocks of zeroes; Python takes a damaged header for its end, too."""
    with path.open("rb") as stream:
        stream.seek(end)
        block = stream.read(tarfile.BLOCKSIZE)
    if block != bytes(tarfile.BLOCKSIZE):
        why = "it has no end" if len(block) < tarfile.BLOCKSIZE else f"byte {end} begins no member"
        raise Unreadable("it is no whole tar file", why=why)


def _entry(member: TarInfo) -> Entry:
    kind = _KINDS.get(member.type, Kind.FILE)
    target = member.linkname if kind is Kind.LINK else ""
    if member.isdev() and kind is not Kind.PIPE:
        target = f"{member.devmajor}:{member.devminor}"
    return Entry(
        kind=kind,
        mode=member.mode & 0o7777,
        owner=(member.uid, member.gid),
        size=member.size if kind is Kind.FILE else 0,
        target=target,
        attributes=_attributes(member.pax_headers),
    )


def _attributes(headers: Mapping[str, str]) -> dict[str, bytes]:
    """What a tar file does not have, no file that is unpacked from it will have."""
    return {
        name: value.encode(errors="surrogateescape")
        for header, value in headers.items()
        if header.startswith(_ATTRIBUTE)
        and attributes.counts(name := header.removeprefix(_ATTRIBUTE))
    }
