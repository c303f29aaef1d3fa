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
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.layers.contents import read

# Notes of overlayfs to itself, in inode numbers of this one file system.
_NOT_CONTENT = frozenset(
    f"user.overlay.{name}" for name in ("origin", "impure", "uuid", "upper", "nlink")
)
_NO_XATTRS = (errno.ENOTSUP, errno.ENODATA)

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
# Gets files with the status of each, and when the first of these was taken.
Contents = Callable[[Sequence[tuple[str, os.stat_result]], int], Mapping[str, str]]


def _read(files: Sequence[tuple[str, os.stat_result]], since: int) -> Mapping[str, str]:
    del since
    return read(files)


def digest(
    top: Path,
    times: Times = IGNORED,
    without: Container[str] = (),
    contents: Contents = _read,
) -> str:
    """The digest of a tree, or of one file, in hex.

    Args:
        top: the tree.
        times: which times count.
        without: paths in it that do not count, with all below them.
        contents: gives the sha256 of files; by default it reads them.

    Raises:
        OSError: something in it can't be read.
    """
    whole = hashlib.sha256()
    for path, facts in _entries(top, times, without, contents):
        fields = [path, *(field for fact in facts.items() for field in fact)]
        # A count and lengths first, so that no two trees are written alike.
        data = [os.fsencode(field) for field in fields]
        head = ",".join(str(len(field)) for field in data)
        whole.update(f"{head};".encode() + b"".join(data))
    return whole.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the statuses of a tree's files tell, without a look into any of them.

    Attributes:
        text: the same as long as no status changes, but for times of reading.
        newest: the latest change, in nanoseconds since 1970.
        count: how many files there are, of all kinds.
    """

    text: str
    newest: int
    count: int


def stamp(top: Path, without: Container[str] = ()) -> Stamp:
    """The stamp of a tree, or of one file.

    Raises:
        OSError: a directory in it can't be read.
    """
    whole = hashlib.sha256()
    newest = count = 0
    for _, name, status in _found(top, without):
        fields = (status.st_dev, status.st_ino, status.st_mode, status.st_nlink, status.st_uid)
        more = (status.st_gid, status.st_rdev, status.st_size, status.st_mtime_ns)
        line = f"{name}\0{fields}{more}{status.st_ctime_ns}\0"
        whole.update(line.encode("utf-8", "surrogateescape"))
        newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
        count += 1
    return Stamp(text=whole.hexdigest(), newest=newest, count=count)


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


def _entries(
    top: Path, times: Times, without: Container[str] = (), contents: Contents = _read
) -> Iterator[tuple[str, Facts]]:
    """Each path of a tree with its facts; a folder before what is in it, names in order."""
    since = time.time_ns()
    found = list(_found(top, without))
    files = [(path, status) for path, _, status in found if stat.S_ISREG(status.st_mode)]
    digests = contents(files, since)
    first: dict[tuple[int, int], str] = {}
    for path, name, status in found:
        facts = _facts(path, status, times)
        if stat.S_ISREG(status.st_mode):
            facts["content"] = digests[path]
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            same = first.setdefault((status.st_dev, status.st_ino), name)
            facts |= {"same file as": same} if same != name else {}
        yield name, facts


def _found(top: Path, without: Container[str]) -> Iterator[tuple[str, str, os.stat_result]]:
    """Each path with its name in the tree, and its status."""
    status = os.lstat(top)
    yield os.fspath(top), ".", status
    if stat.S_ISDIR(status.st_mode):
        yield from _walk(os.fspath(top), "", without)


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
