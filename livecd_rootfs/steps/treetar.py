"""A tree as a tar stream: the same bytes wherever, whenever and by whomever it is made.

GNU tar writes it, in the POSIX format (pax), which has room for extended
attributes and long names, and which GNU tar, libarchive, Go and Python read.
It gets the names from a list, so that what is left out needs no patterns.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

from livecd_rootfs.steps import compression, filelist, overlay, pipeline
from livecd_rootfs.steps.compression import Method
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.pipeline import Command, Look

# Labels of a host's security module, and what only the host's root can see,
# are not the tree's.
ATTRIBUTES = ("security.capability", "user.*")
# Those that the root's own policy has given are.
LABELS = "security.selinux"
# The names of the extended headers would have tar's process id in them, and
# these two times are those of the build.
_PAX = "exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"
# Later versions of the format of sparse files have tar's process id in a name.
_SPARSE = ("--sparse", "--sparse-version=0.0", "--hole-detection=raw")
# A smaller file is not worth it: some file systems report less room for any
# file, since they compress it.
_LEAST_SPARSE = 1 << 20
_SECTOR = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs in the tar from the tree.

    Attributes:
        without: paths that are left out, with what is below them, as in
            ``./etc/resolv.conf``.
        more: a tree whose files and links come behind, and replace others of
            their names; it has no directories that the other has not.
    """

    without: Sequence[str] = ()
    more: Path | None = None

    @property
    def added(self) -> list[bytes]:
        """The paths of the other tree's files and links."""
        if self.more is None:
            return []
        found = filelist.paths(self.more)
        return sorted(path for path in found if not _is_directory(self.more / os.fsdecode(path)))


NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What comes into the tar of a tree.

    Attributes:
        names: the paths of the tree, each directory before its content.
        added: the paths of another tree's files and links, which come behind.
        sparse: whether a big file of the tree has holes.
    """

    names: Sequence[bytes]
    added: Sequence[bytes]
    sparse: bool


def listing(root: Path, changes: Changes = NO_CHANGES) -> Listing:
    """What comes into the tar of a tree, by one walk.

    Args:
        root: the tree.
        changes: what is left out and what comes behind.
    """
    found: list[bytes] = []
    sparse = False
    for path, entry in filelist.entries(root):
        found.append(path)
        sparse = sparse or (_saves_room(entry) and _has_hole(entry.path))
    added = changes.added
    gone = {*map(os.fsencode, changes.without), *added}
    kept = [path for path in found if not _is_below(path, gone)] if gone else found
    # Paths in the order of their bytes would not do: between ``./a`` and ``./a/b``
    # there could be ``./a-c``, and tar would take ``./a`` for finished.
    kept.sort(key=lambda path: path.replace(b"/", b"\0"))
    return Listing(names=(b".", *kept), added=added, sparse=sparse)


def names(root: Path) -> Sequence[bytes]:
    """The paths of a tree, each directory before its content."""
    return listing(root).names


def stream(
    context: Context, root: str, changes: Changes = NO_CHANGES, *, labels: bool = False
) -> Generator[bytes]:
    """The tar of a tree, in pieces.

    Args:
        context: the build; times after its own become its own.
        root: the tree, relative to the build directory.
        changes: what is left out and what comes behind.
        labels: SELinux's labels come along.

    Raises:
        CommandError: tar failed.
    """
    listed = listing(context.build / root, changes)
    with _command(context, root, listed, changes.more, labels=labels) as tar:
        yield from pipeline.produced(context, tar.argv, bind=tar.bind)


@contextmanager
def compressing(
    context: Context,
    root: str,
    method: Method,
    output: IO[bytes],
    changes: Changes = NO_CHANGES,
    *,
    look: Look | None = None,
) -> Iterator[Listing]:
    """Write the tar of a tree into a file, compressed, while the block runs.

    Args:
        context: the build; times after its own become its own.
        root: the tree, relative to the build directory.
        method: ``xz``, ``zstd`` or ``gzip``.
        output: the file, unbuffered.
        changes: what is left out and what comes behind.
        look: gets the tar in pieces, before it is compressed.

    Returns:
        what comes into it.

    Raises:
        CommandError: tar or the compressor failed.
    """
    listed = listing(context.build / root, changes)
    packer = compression.command(method)
    with (
        _command(context, root, listed, changes.more) as tar,
        pipeline.joined(context, tar, packer, output, look=look),
    ):
        yield listed


@contextmanager
def _command(
    context: Context, root: str, listed: Listing, more: Path | None, *, labels: bool = False
) -> Iterator[Command]:
    with overlay.scratch(context) as folder:
        given = _list(folder / "names", listed.names)
        words = argv(root, given, epoch=context.epoch, sparse=listed.sparse, labels=labels)
        if more is None:
            yield Command(argv=words, bind=(folder,))
            return
        behind = _list(folder / "more", listed.added)
        words += ["-C", str(more), f"--files-from={behind}"]
        yield Command(argv=words, bind=(folder, more))


def argv(root: str, listed: Path, *, epoch: int, sparse: bool, labels: bool = False) -> list[str]:
    """The command line of GNU tar.

    Args:
        root: the tree.
        listed: a file with the names, each with a NUL behind it.
        epoch: no time is later, seconds since 1970.
        sparse: keep holes of files as holes. They are found by reading, since
            what a file system tells of them differs from one to the next.
        labels: SELinux's labels come along.
    """
    attributes = (*ATTRIBUTES, LABELS) if labels else ATTRIBUTES
    return [
        "tar",
        *("--create", "--file=-"),
        *("--format=posix", f"--pax-option={_PAX}"),
        *("--numeric-owner", "--acls", "--xattrs"),
        *(f"--xattrs-include={pattern}" for pattern in attributes),
        *(f"--mtime=@{epoch}", "--clamp-mtime"),
        *(_SPARSE if sparse else ()),
        *("--no-recursion", "--null", "-C", root, f"--files-from={listed}"),
    ]


def _list(path: Path, listed: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(name + b"\0" for name in listed))
    return path


def _is_below(path: bytes, gone: set[bytes]) -> bool:
    """Whether a path, or a directory that it lies in, is among these."""
    parts = path.split(b"/")
    return any(b"/".join(parts[:count]) in gone for count in range(2, len(parts) + 1))


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _saves_room(entry: os.DirEntry[bytes]) -> bool:
    """Whether it is a big regular file that takes less room than its size."""
    if not entry.is_file(follow_symlinks=False):
        return False
    found = entry.stat(follow_symlinks=False)
    return found.st_size >= _LEAST_SPARSE and found.st_blocks * _SECTOR < found.st_size


def _has_hole(path: bytes) -> bool:
    with FileIO(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        return os.lseek(stream.fileno(), 0, os.SEEK_HOLE) < size
