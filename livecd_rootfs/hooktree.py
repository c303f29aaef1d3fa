"""What a ``hooks.d`` contains: series files by name, chroot hooks, final hooks.

Everything is read when it is asked for, once.
"""

from __future__ import annotations

import errno
import os

from livecd_rootfs import source
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.series import Series, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    HookState = Literal["ready", "not executable", "not a file", "missing"]

# A series file in the first replaces the one of the same name in the second, whole.
SERIES_FOLDERS = ("extra/series", "base/series")
CHROOT_FOLDER = "chroot"
CHROOT_SUFFIXES = (".chroot_early", ".chroot")
FINAL_HOOKS = ("base/final.binary", "extra/final.binary")

# From stat.h, as the module stat has them.
_TYPE_MASK, _REGULAR, _ANY_RUN_BIT = 0o170000, 0o100000, 0o111
_NO_SUCH_NAME = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)


class HookTree:
    """The folder ``hooks.d``.

    Args:
        root: its path; shown in messages as it is given.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._series: dict[str, Series | None] = {}

    def series(self, name: str) -> Series | None:
        """The series file of an image target, or ``None``.

        Raises:
            LivecdError: it is there, but can't be read, or it is not UTF-8.
        """
        if name not in self._series:
            path = self.series_path(name)
            self._series[name] = None if path is None else parse(name, _read(path))
        return self._series[name]

    def series_path(self, name: str) -> str | None:
        """Where the series file of an image target lies, or ``None``."""
        for folder in SERIES_FOLDERS:
            path = os.path.join(self.root, folder, name)
            if _mode(path) & _TYPE_MASK == _REGULAR:
                return path
        return None

    def series_names(self) -> tuple[str, ...]:
        """All image targets, in code-point order."""
        names = {name for folder in SERIES_FOLDERS for name in self._listing(folder)}
        return tuple(sorted(name for name in names if self.series_path(name)))

    def chroot_hooks(self) -> tuple[str, ...]:
        """The hooks that run in the target root whatever the targets are, in order.

        Raises:
            LivecdError: the folder ``chroot`` can't be listed.
        """
        folder = os.path.join(self.root, CHROOT_FOLDER)
        try:
            names = os.listdir(folder)
        except OSError as error:
            raise _not_a_tree(self.root, folder, error) from None
        hooks = sorted(name for name in names if name.endswith(CHROOT_SUFFIXES))
        return tuple(f"{CHROOT_FOLDER}/{name}" for name in hooks)

    def final_hooks(self) -> tuple[str, ...]:
        """The hooks that run after all others, in order."""
        return tuple(hook for hook in FINAL_HOOKS if self._is_file(hook))

    def hook_state(self, hook: str) -> HookState:
        """What stands where a series file says that a hook is.

        The path is taken as a link to it is written, without ``..`` in its middle.
        """
        mode = 0 if "\0" in hook else _mode(self.path(hook))  # normpath may cut it off there
        if not mode:
            return "missing"
        if mode & _TYPE_MASK != _REGULAR:
            return "not a file"
        return "ready" if mode & _ANY_RUN_BIT else "not executable"

    def path(self, hook: str) -> str:
        """Where a hook lies."""
        return os.path.normpath(os.path.join(self.root, hook))

    def hook_names(self) -> tuple[str, ...]:
        """Every file that could be meant as a hook, in code-point order."""
        return tuple(sorted(self._files()))

    def _files(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name != "series"]
            inside = os.path.relpath(folder, self.root)
            yield from (os.path.join(inside, name) for name in names if inside != ".")

    def _is_file(self, hook: str) -> bool:
        return _mode(os.path.join(self.root, hook)) & _TYPE_MASK == _REGULAR

    def _listing(self, folder: str) -> list[str]:
        try:
            return os.listdir(os.path.join(self.root, folder))
        except OSError:
            return []


def _mode(path: str) -> int:
    """Type and permissions of what a path leads to; 0 when that is nothing."""
    try:
        return os.stat(path).st_mode
    except ValueError:
        return 0  # the name holds a NUL
    except OSError as error:
        if error.errno in _NO_SUCH_NAME:
            return 0
        raise LivecdError(
            f"{path} can't be reached", why=error.strerror, remedy="make the path accessible"
        ) from None


def _read(path: str) -> source.Source:
    try:
        with open(path, "rb") as file:
            return source.decode(path, file.read())
    except OSError as error:
        raise LivecdError(
            f"{path} can't be read", why=error.strerror, remedy="make the series file readable"
        ) from None


def _not_a_tree(root: str, folder: str, error: OSError) -> LivecdError:
    if not os.path.isdir(root):
        return LivecdError(f"{root} is not a folder of hooks", why=error.strerror)
    return LivecdError(
        f"{folder} can't be listed",
        why=error.strerror,
        remedy="a hooks.d has the folder chroot, empty when there are no chroot hooks",
    )
