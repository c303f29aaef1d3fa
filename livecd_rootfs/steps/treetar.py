"""A tree as a tar stream: the same bytes wherever, whenever and by whomever it is made.

GNU tar writes it, in the POSIX format (pax), which has room for extended
attributes and long names, and which GNU tar, libarchive, Go and Python read.
It gets the names from a list, so that what is left out needs no patterns.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.steps import filelist, overlay, pipeline
from livecd_rootfs.steps.context import Context

# Labels of a host's security module, and what only the host's root can see,
# are not the tree's.
ATTRIBUTES = ("security.capability", "user.*")
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


def names(root: Path, changes: Changes = NO_CHANGES) -> list[bytes]:
    """The paths of a tree that come into its tar, each directory before its content.

    Paths in the order of their bytes would not do: between ``./a`` and
    ``./a/b`` there could be ``./a-c``, and tar would take ``./a`` for finished.

    Args:
        root: the tree.
        changes: what is left out and what comes behind.
    """
    gone = {*map(os.fsencode, changes.without), *changes.added}
    kept = (path for path in filelist.paths(root) if not _is_below(path, gone))
    return sorted(kept, key=lambda path: path.split(b"/"))


def stream(context: Context, root: str, changes: Changes = NO_CHANGES) -> Generator[bytes]:
    """The tar of a tree, in pieces.

    Args:
        context: the build; times after its own become its own.
        root: the tree, relative to the build directory.
        changes: what is left out and what comes behind.

    Raises:
        CommandError: tar failed.
    """
    tree = context.build / root
    with overlay.scratch(context) as folder:
        lists = [_list(folder / "names", names(tree, changes))]
        command = argv(root, lists[0], epoch=context.epoch, sparse=has_holes(tree))
        if changes.more is not None:
            lists.append(_list(folder / "more", changes.added))
            command += ["-C", str(changes.more), f"--files-from={lists[1]}"]
        bind = (folder, *((changes.more,) if changes.more else ()))
        yield from pipeline.produced(context, command, bind=bind)


def argv(root: str, listed: Path, *, epoch: int, sparse: bool) -> list[str]:
    """The command line of GNU tar.

    Args:
        root: the tree.
        listed: a file with the names, each with a NUL behind it.
        epoch: no time is later, seconds since 1970.
        sparse: keep holes of files as holes. They are found by reading, since
            what a file system tells of them differs from one to the next.
    """
    return [
        "tar",
        *("--create", "--file=-"),
        *("--format=posix", f"--pax-option={_PAX}"),
        *("--numeric-owner", "--acls", "--xattrs"),
        *(f"--xattrs-include={pattern}" for pattern in ATTRIBUTES),
        *(f"--mtime=@{epoch}", "--clamp-mtime"),
        *(_SPARSE if sparse else ()),
        *("--no-recursion", "--null", "-C", root, f"--files-from={listed}"),
    ]


def has_holes(root: Path) -> bool:
    """Whether a big file of the tree has holes."""
    return any(_is_sparse(Path(path)) for path in _saving_room(str(root)))


def _list(path: Path, listed: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(name + b"\0" for name in listed))
    return path


def _is_below(path: bytes, gone: set[bytes]) -> bool:
    """Whether a path, or a directory that it lies in, is among these."""
    if not gone:
        return False
    parts = path.split(b"/")
    return any(b"/".join(parts[:count]) in gone for count in range(2, len(parts) + 1))


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _saving_room(folder: str) -> Iterator[str]:
    """The big regular files that take less room than their size."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _saving_room(entry.path)
            elif entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                if found.st_size >= _LEAST_SPARSE and found.st_blocks * _SECTOR < found.st_size:
                    yield entry.path


def _is_sparse(path: Path) -> bool:
    with path.open("rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        return os.lseek(stream.fileno(), 0, os.SEEK_HOLE) < size
