"""A tree as a tar stream: the same bytes wherever, whenever and by whomever it is made.

GNU tar writes it, in the POSIX format (pax), which has room for extended
attributes and long names, and which GNU tar, libarchive, Go and Python read.
It gets the names from us, so that what is left out needs no patterns.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from itertools import chain, islice
from pathlib import Path
from typing import IO

from livecd_rootfs.steps import compression, filelist, overlay, pipeline
from livecd_rootfs.steps.compression import Method
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.pipeline import Command, Look
from livecd_rootfs.values import Value

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
# Names for tar in one piece.
_AT_ONCE = 512


class Changes(Value):
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
        found = filelist.entries(self.more)
        return [path for path, entry in found if not entry.is_dir(follow_symlinks=False)]

    @property
    def gone(self) -> frozenset[bytes]:
        """What of the tree does not come in: what is left out, and what is replaced."""
        return frozenset((*map(os.fsencode, self.without), *self.added))


NO_CHANGES = Changes()


class Listing(Value):
    """What comes into the tar of a tree.

    Attributes:
        names: the paths of the tree, each directory before its content.
        added: the paths of another tree's files and links, which come behind.
    """

    names: Sequence[bytes]
    added: Sequence[bytes]


class _Hole(Exception):
    """A big file of the tree has a hole, of which tar must know before it begins."""


def names(root: Path) -> Sequence[bytes]:
    """The paths of a tree, each directory before its content."""
    return [b".", *(path for path, _ in filelist.entries(root))]


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
    tree, gone = context.build / root, changes.gone
    sparse = any(_has_hole(entry) for _, entry in filelist.entries(tree, gone))
    given = _given(path for path, _ in filelist.entries(tree, gone))
    with _command(context, root, changes, sparse=sparse, labels=labels) as tar:
        yield from pipeline.produced(context, tar.argv, bind=tar.bind, given=given)


@contextmanager
def compressing(
    context: Context,
    root: str,
    method: Method,
    output: IO[bytes],
    changes: Changes = NO_CHANGES,
    *,
    look: Callable[[], Look] | None = None,
) -> Iterator[Listing]:
    """Write the tar of a tree into a file, compressed, while the block runs.

    tar begins while the tree is still being walked through. Where that finds a hole,
    which is rare, all begins anew.

    Args:
        context: the build; times after its own become its own.
        root: the tree, relative to the build directory.
        method: ``xz``, ``zstd`` or ``gzip``.
        output: the file, unbuffered.
        changes: what is left out and what comes behind.
        look: gives, when a tar begins, what gets it in pieces before it is compressed.

    Returns:
        what comes into it.

    Raises:
        CommandError: tar or the compressor failed.
    """
    start = output.tell()
    found: list[bytes] = []
    with ExitStack() as stack:
        for sparse in (False, True):
            output.truncate(output.seek(start))
            walk = _walk(context.build / root, changes, found, sparse=sparse)
            tar = stack.enter_context(_command(context, root, changes, sparse=sparse))
            seen = None if look is None else look()
            packer = compression.command(method)
            packing = pipeline.joined(context, tar, packer, output, look=seen, given=_given(walk))
            with suppress(_Hole):
                stack.enter_context(packing)
                break
        yield Listing(names=(b".", *found), added=changes.added)


def _walk(tree: Path, changes: Changes, found: list[bytes], *, sparse: bool) -> Iterator[bytes]:
    """The paths of a tree, which are kept in a list as well.

    Raises:
        _Hole: a file has one, and tar was not told to look.
    """
    found.clear()
    for path, entry in filelist.entries(tree, changes.gone):
        if not sparse and _has_hole(entry):
            raise _Hole
        found.append(path)
        yield path


def _given(paths: Iterable[bytes]) -> Generator[bytes]:
    """The tree itself and these paths as tar reads them, each with a NUL behind it, in pieces."""
    rest = chain([b"."], paths)
    while some := tuple(islice(rest, _AT_ONCE)):
        yield b"\0".join((*some, b""))


@contextmanager
def _command(
    context: Context, root: str, changes: Changes, *, sparse: bool, labels: bool = False
) -> Iterator[Command]:
    words = argv(root, epoch=context.epoch, sparse=sparse, labels=labels)
    if changes.more is None:
        yield Command(argv=words)
        return
    with overlay.scratch(context) as folder:
        behind = folder / "more"
        behind.write_bytes(b"".join(name + b"\0" for name in changes.added))
        words += ["-C", str(changes.more), f"--files-from={behind}"]
        yield Command(argv=words, bind=(folder, changes.more))


def argv(root: str, *, epoch: int, sparse: bool, labels: bool = False) -> list[str]:
    """The command line of GNU tar, whose input has the names, each with a NUL behind it.

    Args:
        root: the tree.
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
        *("--no-recursion", "--null", "-C", root, "--files-from=-"),
    ]


def _has_hole(entry: os.DirEntry[bytes]) -> bool:
    """Whether it is a big regular file that takes less room than its size, and has a hole."""
    if not entry.is_file(follow_symlinks=False):
        return False
    found = entry.stat(follow_symlinks=False)
    if found.st_size < _LEAST_SPARSE or found.st_blocks * _SECTOR >= found.st_size:
        return False
    with FileIO(entry.path) as stream:
        return os.lseek(stream.fileno(), 0, os.SEEK_HOLE) < found.st_size
