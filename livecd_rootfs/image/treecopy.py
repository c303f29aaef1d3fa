"""A tree's copy into a target root: links of the root lead within it, never out of it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import rooted

# Labels of the host's security module, and what only the host's root can see, are not the tree's.
_ATTRIBUTES = ("security.capability", "user.", "system.posix_acl_")
_OVERLAYS_OWN = "user.overlay."
_NO_XATTRS = (errno.ENOTSUP, errno.ENODATA)
# The edge of a hook has words for a full disk.
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What a copy takes over besides content, modes and extended attributes.

    Attributes:
        owners: the tree's own owners; else everything is root's.
        time: time of everything, in seconds since 1970; ``None`` keeps the tree's own.
        missing: copy only what the root does not have; what it has stays.
    """

    owners: bool = False
    time: int | None = None
    missing: bool = False


def copy(source: Path, root: Path, target: str, manner: Manner) -> int:
    """Copy what is in a directory, or a single file, into a root.

    A directory that the root has already keeps its mode, and its owner too unless
    the copy takes over owners; the top one keeps them in any case. What is no
    directory takes the place of whatever else has its name, also of a link.

    Args:
        source: the directory or file; it is not followed if it is a link.
        root: the target root.
        target: the directory in the root, or the file's own name there.
        manner: what else it takes over.

    Returns:
        how many files and links were copied.

    Raises:
        LivecdError: a file is in a directory's place or the other way round, something is
            neither file, link, directory, pipe nor device, or can't be read or made.
    """
    work = _Copy(root=root, manner=manner)
    try:
        if stat.S_ISDIR(source.lstat().st_mode):
            work.directory(source, target, top=True)
        else:
            above = work.made(rooted.resolve(root, str(Path(target).parent)))
            work.file(source, above / Path(target).name)
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise LivecdError(
            "a tree can't be copied into the target root",
            place=str(error.filename or source),
            why=error.strerror,
        ) from error
    return work.count


@dataclass(slots=True, kw_only=True)
class _Copy:
    """One copy under way: how many files there are so far, and where hard links' first names are."""

    root: Path
    manner: Manner
    count: int = 0
    first: dict[tuple[int, int], Path] = field(default_factory=dict)

    def directory(self, source: Path, target: str, *, top: bool = False) -> None:
        """Copy a directory with all below it."""
        place = rooted.resolve(self.root, target)
        is_new = not place.exists()
        self.made(place)
        for entry in _sorted(source):
            inside = place / entry.name
            if entry.is_dir(follow_symlinks=False):
                self.directory(Path(entry.path), f"{self.inside(inside)}")
            else:
                self.file(Path(entry.path), inside)
        if is_new or (self.manner.owners and not top):
            self.adorn(source, place)

    def made(self, place: Path) -> Path:
        """The directory of the root, made with those above it if it was not there."""
        if place.exists() and not place.is_dir():
            raise LivecdError(
                f"a directory can't take the place of the file {self.inside(place)}",
                place=str(place),
                remedy="remove the file, or give the directory another name",
            )
        place.mkdir(parents=True, exist_ok=True)
        return place

    def file(self, source: Path, place: Path) -> None:
        """Copy what is no directory."""
        if self.manner.missing and os.path.lexists(place):
            return
        if place.is_dir() and not place.is_symlink():
            raise LivecdError(
                f"a file can't take the place of the directory {self.inside(place)}",
                place=str(source),
                remedy="give it another name, or a target",
            )
        place.unlink(missing_ok=True)
        self.count += 1
        found = source.lstat()
        known = self.first.setdefault((found.st_dev, found.st_ino), place)
        if found.st_nlink > 1 and known != place:
            os.link(known, place, follow_symlinks=False)
            return
        _make(source, found, place)
        self.adorn(source, place)

    def adorn(self, source: Path, place: Path) -> None:
        """Give a copy its owner, mode, extended attributes and time."""
        found = source.lstat()
        owner = (found.st_uid, found.st_gid) if self.manner.owners else (0, 0)
        os.chown(place, *owner, follow_symlinks=False)
        if not stat.S_ISLNK(found.st_mode):
            place.chmod(stat.S_IMODE(found.st_mode))
        # Behind the owner, whose change takes capabilities away.
        for name in _attributes(source):
            value = os.getxattr(source, name, follow_symlinks=False)
            os.setxattr(place, name, value, follow_symlinks=False)
        time = found.st_mtime_ns if self.manner.time is None else self.manner.time * 10**9
        os.utime(place, ns=(time, time), follow_symlinks=False)

    def inside(self, place: Path) -> str:
        """The name that a path of the root has inside."""
        return f"/{place.relative_to(self.root)}"


def _sorted(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _make(source: Path, found: os.stat_result, place: Path) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind == stat.S_IFLNK:
        place.symlink_to(source.readlink())
    elif kind == stat.S_IFREG:
        shutil.copyfile(source, place, follow_symlinks=False)
    elif kind in {stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK}:
        os.mknod(place, found.st_mode, found.st_rdev)
    else:
        raise LivecdError("a socket can't be copied into the target root", place=str(source))


def _attributes(path: Path) -> Iterator[str]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return
        raise
    for name in names:
        if name.startswith(_ATTRIBUTES) and not name.startswith(_OVERLAYS_OWN):
            yield name
