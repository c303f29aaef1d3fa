"""The digest of a tree: everything in it that can end up in an image.

Types, modes, owners, extended attributes, link targets, contents, device numbers, which names
are hard links of one file, and, if asked for, times of files. Not in it: how files are spread
over the disk (holes are zeros), times of directories, inode numbers.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# Notes of overlayfs to itself, in inode numbers of this one file system.
_NOT_CONTENT = frozenset(
    f"user.overlay.{name}" for name in ("origin", "impure", "uuid", "upper", "nlink")
)
_NO_XATTRS = (errno.ENOTSUP, errno.ENODATA)
_BATCH = 64
_THREADS = 2

_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Which times of modification count: those of files and links, in whole seconds.

    Attributes:
        counted: whether they count at all.
        latest: later times count as this one, in seconds since 1970, as image formats clamp
            them to SOURCE_DATE_EPOCH.
    """

    counted: bool
    latest: int | None = None


IGNORED = Times(counted=False)
EXACT = Times(counted=True)

Facts = Mapping[str, str]


def digest(top: Path, times: Times = IGNORED, without: Container[str] = ()) -> str:
    """The digest of a tree, or of one file, in hex.

    Args:
        top: the tree.
        times: which times count.
        without: paths in it that do not count, with all below them.

    Raises:
        OSError: something in it can't be read.
    """
    whole = hashlib.sha256()
    for path, facts in _entries(top, times, without):
        fields = [path, *(field for fact in facts.items() for field in fact)]
        # A count and lengths first, so that no two trees are written alike.
        data = [os.fsencode(field) for field in fields]
        head = ",".join(str(len(field)) for field in data)
        whole.update(f"{head};".encode() + b"".join(data))
    return whole.hexdigest()


def differences(one: Path, other: Path, times: Times = IGNORED) -> Iterator[str]:
    """Where two trees differ, by path: which facts, or which of the trees has it alone.

    Raises:
        OSError: something in them can't be read.
    """
    left, right = dict(_entries(one, times)), dict(_entries(other, times))
    for path in sorted(left.keys() | right.keys()):
        mine, yours = left.get(path, {}), right.get(path, {})
        if not mine or not yours:
            yield f"{path}: only in the {'first' if mine else 'second'}"
        elif mine != yours:
            names = [n for n in {**mine, **yours} if mine.get(n) != yours.get(n)]
            yield f"{path}: {', '.join(names)}"


def _entries(top: Path, times: Times, without: Container[str] = ()) -> Iterator[tuple[str, Facts]]:
    """Each path of a tree with its facts; a folder before what is in it, names in order."""
    status = os.lstat(top)
    below = _walk(os.fspath(top), "", without) if stat.S_ISDIR(status.st_mode) else ()
    found = [(os.fspath(top), ".", status), *below]
    contents = _contents([path for path, _, status in found if stat.S_ISREG(status.st_mode)])
    first: dict[tuple[int, int], str] = {}
    for path, name, status in found:
        facts = _facts(path, status, times)
        if stat.S_ISREG(status.st_mode):
            facts["content"] = contents[path]
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            same = first.setdefault((status.st_dev, status.st_ino), name)
            facts |= {"same file as": same} if same != name else {}
        yield name, facts


def _walk(
    folder: str, prefix: str, without: Container[str]
) -> Iterator[tuple[str, str, os.stat_result]]:
    with os.scandir(folder) as entries:
        listing = sorted(entries, key=lambda entry: entry.name)
    for entry in listing:
        name = prefix + entry.name
        if name in without:
            continue
        status = entry.stat(follow_symlinks=False)
        yield entry.path, name, status
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(entry.path, f"{name}/", without)


def _facts(path: str, status: os.stat_result, times: Times) -> dict[str, str]:
    kind = stat.S_IFMT(status.st_mode)
    facts = {
        "type": _TYPES[kind],
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "owner": f"{status.st_uid}:{status.st_gid}",
        **_xattrs(path),
    }
    if kind == stat.S_IFLNK:
        facts["target"] = os.readlink(path)  # noqa: PTH115 (text, for speed)
    if kind in {stat.S_IFCHR, stat.S_IFBLK}:
        facts["device"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    if times.counted and kind != stat.S_IFDIR:
        seconds = int(status.st_mtime)
        facts["time"] = str(seconds if times.latest is None else min(seconds, times.latest))
    return facts


def _xattrs(path: str) -> dict[str, str]:
    try:
        names = sorted(set(os.listxattr(path, follow_symlinks=False)) - _NOT_CONTENT)
        return {
            f"xattr {name}": os.getxattr(path, name, follow_symlinks=False).hex() for name in names
        }
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return {}
        raise


def _contents(paths: Sequence[str]) -> dict[str, str]:
    """The sha256 of each file; hashing big ones leaves the interpreter free for another."""
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        digests = pool.map(lambda batch: [_content(path) for path in batch], batches)
        return dict(zip(paths, (each for batch in digests for each in batch), strict=True))


def _content(path: str) -> str:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (text, for speed)
        return hashlib.file_digest(file, "sha256").hexdigest()
