"""What building leaves in a root: logs, caches and copies of earlier states.

The chroot hooks tidied the root before the pipeline's own steps, whose package
installs leave the same again. This works from outside: the root may have lost
the programs that it would take.
"""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.image import rootglob
from livecd_rootfs.steps import rooted

# Files with times, orders of names or inode numbers of this build, and of no use in an image.
_FILES = (
    # The builder's name servers, which a package kept when it put its link there.
    "/etc/.resolv.conf.systemd-resolved.bak",
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/root/.bash_history",
    "/root/.python_history",
    "/root/.wget-hsts",
    "/usr/sbin/policy-rc.d",
    "/var/cache/debconf/*-old",
    "/var/cache/ldconfig/aux-cache",
    "/var/lib/dpkg/*-old",
)
# Of these the content goes; the folders are expected to be there.
_FOLDERS = (
    "/root/.cache",
    "/run",
    "/tmp",  # noqa: S108 (the root's own)
    "/var/cache/apt",
    "/var/cache/fontconfig",
    "/var/cache/man",
    "/var/lib/apt/periodic",
    "/var/log/journal",
    "/var/tmp",  # noqa: S108 (the root's own)
)
LISTS = "/var/lib/apt/lists"
_LOGS = "/var/log"
# Log-ins are counted in these, which only the right owner may make: they stay, empty.
_COUNTED = ("btmp", "wtmp", "lastlog", "faillog")


def tidy(root: Path, *, lists: bool) -> int:
    """Remove what building left; folders stay.

    Args:
        root: the target root.
        lists: also apt's package lists.

    Returns:
        how many files were removed or emptied.
    """
    gone = [path for pattern in _FILES for path in rootglob.find(root, pattern)]
    folders = (*_FOLDERS, *((LISTS,) if lists else ()))
    inside = [path for folder in folders for path in _content(rooted.resolve(root, folder))]
    logs = [path for path in _files(rooted.resolve(root, _LOGS)) if path.stat().st_size]
    count = len(gone) + sum(len(_files(path)) for path in inside) + len(logs)
    for path in (*gone, *inside):
        trees.remove(path)
    for path in (each for each in logs if each.exists()):
        _end_log(path)
    return count


def _content(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _files(path: Path) -> list[Path]:
    """The files at and below a path, not those that links lead to."""
    if path.is_symlink() or not path.is_dir():
        return [path] if path.is_file() and not path.is_symlink() else []
    return [file for each in path.iterdir() for file in _files(each)]


def _end_log(path: Path) -> None:
    if path.name in _COUNTED:
        path.write_bytes(b"")
    else:
        path.unlink()
