"""The trees of a setting such as ExtraTrees: folders, tar files and single files, each with its target."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import treecopy
from livecd_rootfs.image.treecopy import Manner
from livecd_rootfs.steps import overlay, pipeline
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.treetar import ATTRIBUTES

_ZSTD = b"\x28\xb5\x2f\xfd"
_Reader = type[gzip.GzipFile] | type[lzma.LZMAFile] | type[bz2.BZ2File]
_READERS: Mapping[bytes, _Reader] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
# Errors of the data: that of bzip2 is an OSError without a number.
_BROKEN = (OSError, lzma.LZMAError, zlib.error, EOFError)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSource:
    """One tree.

    Attributes:
        path: a folder, a tar file or another file.
        target: where it goes in the root; empty if that was not said.
    """

    path: Path
    target: str


def parse(lines: str) -> tuple[TreeSource, ...]:
    """The trees of a variable: a line for each, ``PATH`` or ``PATH:TARGET``."""
    pairs = (line.partition(":") for line in lines.splitlines() if line.strip())
    return tuple(TreeSource(path=Path(path), target=target) for path, _, target in pairs)


def install(context: Context, root: Path, variable: str, *, missing: bool = False) -> str:
    """Copy the trees of a variable into a root, each over those before it.

    What is in a folder becomes root's, with the build's time, since nobody keeps
    owners and times of such a folder. A tar file without a target is unpacked,
    with its own owners and times. Any other file needs a target, which is its name.

    Args:
        context: the build.
        root: the target root.
        variable: the variable that lists the trees.
        missing: copy only what the root does not have.

    Returns:
        what was done, in a few words.

    Raises:
        UsageError: a tree is not there, or a file is no tar file and has no target.
        LivecdError: a tree can't be copied.
    """
    trees = parse(context.variables.get(variable, ""))
    count = sum(_install(context, root, tree, missing=missing) for tree in trees)
    if not trees:
        return "nothing to do, there are no trees"
    return f"{_counted(len(trees), 'tree')}, {_counted(count, 'file')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _install(context: Context, root: Path, tree: TreeSource, *, missing: bool) -> int:
    if not tree.path.exists():
        raise UsageError("there is no such tree", place=str(tree.path))
    if tree.path.is_dir() or tree.target:
        manner = Manner(time=context.epoch, missing=missing)
        # A link that names the tree is followed; links in it are copied.
        return treecopy.copy(tree.path.resolve(), root, tree.target or "/", manner)
    with _unpacked(context, tree.path) as folder:
        return treecopy.copy(folder, root, "/", Manner(owners=True, missing=missing))


@contextmanager
def _unpacked(context: Context, path: Path) -> Iterator[Path]:
    """A tar file's content, in an empty directory: no link of the target root is in its way."""
    with overlay.scratch(context) as scratch:
        plain = _decompressed(context, path, scratch / "tree.tar")
        if not _is_tar(plain):
            raise UsageError(
                "a file without a target must be a tar file, which this is not",
                place=str(path),
                remedy="say where it goes, as in ExtraTrees=motd:/etc/motd",
            )
        folder = scratch / "tree"
        folder.mkdir()
        context.tools.run(argv(plain, folder), cwd=scratch, env=context.environment(),
                          bind=(plain,))  # fmt: skip
        yield folder


def argv(archive: Path, folder: Path) -> list[str]:
    """The command line of GNU tar that unpacks an archive into a directory."""
    return [
        "tar",
        *("--extract", f"--file={archive}", f"--directory={folder}"),
        *("--numeric-owner", "--same-owner", "--same-permissions", "--delay-directory-restore"),
        *("--acls", "--xattrs", *(f"--xattrs-include={name}" for name in ATTRIBUTES)),
    ]


def _is_tar(path: Path) -> bool:
    """Whether it is a tar file; an empty one is, too."""
    return path.stat().st_size > 0 and tarfile.is_tarfile(path)


def _decompressed(context: Context, path: Path, plain: Path) -> Path:
    """The file itself, or a decompressed copy at ``plain``."""
    with path.open("rb") as stream:
        head = stream.read(8)
    reader = next((found for magic, found in _READERS.items() if head.startswith(magic)), None)
    if reader is None and not head.startswith(_ZSTD):
        return path
    with plain.open("wb") as target:
        if reader is not None:
            _unpack(reader, path, target)
        else:
            command = ("zstd", "--decompress", "--stdout", str(path))
            target.writelines(pipeline.produced(context, command, bind=(path,)))
    return plain


def _unpack(reader: _Reader, path: Path, target: IO[bytes]) -> None:
    try:
        with reader(path) as packed:
            shutil.copyfileobj(packed, target, pipeline.CHUNK)
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise LivecdError(
            "a tree can't be decompressed", place=str(path), why=str(error)
        ) from error
