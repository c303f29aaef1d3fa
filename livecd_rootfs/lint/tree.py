"""The ``hooks.d`` as series-lint reads it: also where make-hooks would stop."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.hooktree import CHROOT_SUFFIXES, SERIES_FOLDERS, HookTree
from livecd_rootfs.lint.text import Text
from livecd_rootfs.series import Series, parse

HOOK_SUFFIXES = (*CHROOT_SUFFIXES, ".binary")
# What a repository of private hooks leaves to the tree that it is laid over.
LENT_FOLDERS = ("base", "chroot")
# What editors and merges leave beside a file, and files that a folder of git holds.
LEFTOVER = re.compile(r"\..*|#.*#|.*(?:~|\.(?:bak|orig|rej|sw[a-p]))")
# Emacs locks a file by a link of this name, which leads nowhere.
LOCK = ".#"
# In bytes; what is larger is an image or an archive.
LARGEST_SCRIPT = 1 << 20


class LintTree(HookTree):
    """A ``hooks.d`` that may be half a one, of any bytes, and not saved yet.

    Args:
        root: its path; shown in messages as it is given.
        base: another ``hooks.d``, from which ``base`` and ``chroot`` are taken when the
            tree has neither; nothing is said of the files there.
        unsaved: contents of files, by their paths, that count instead of the disk's.
    """

    def __init__(
        self, root: str, *, base: str | None = None, unsaved: Mapping[str, bytes] | None = None
    ) -> None:
        super().__init__(root)
        has_own = any(os.path.isdir(os.path.join(root, name)) for name in LENT_FOLDERS)
        self.base = None if has_own else base
        self._unsaved = {os.path.realpath(path): data for path, data in (unsaved or {}).items()}
        self._texts: dict[str, Text] = {}

    def series(self, name: str) -> Series | None:
        """The series file of an image target, or ``None``; bytes that are no text stay bytes."""
        if name not in self._series:
            path = self.series_path(name)
            self._series[name] = None if path is None else parse(name, self.text(path).source)
        return self._series[name]

    def series_path(self, name: str) -> str | None:
        """Where the series file of an image target lies, or ``None``."""
        own = self._new_series.get(name) or super().series_path(name)
        return own or (HookTree(self.base).series_path(name) if self.base else None)

    def series_names(self) -> tuple[str, ...]:
        """All image targets, in code-point order."""
        own = [name for name in super().series_names() if not LEFTOVER.fullmatch(name)]
        lent = HookTree(self.base).series_names() if self.base else ()
        return tuple(sorted({*own, *lent, *self._new_series}))

    @cached_property
    def _new_series(self) -> Mapping[str, str]:
        """Series files that are not on the disk yet, by name; none hides one that is."""
        found: dict[str, str] = {}
        for folder in SERIES_FOLDERS:
            above = os.path.join(self.root, folder)
            for path in self._unsaved:
                is_here = os.path.dirname(path) == os.path.realpath(above)
                if is_here and not os.path.exists(path):
                    name = os.path.basename(path)
                    found.setdefault(name, os.path.join(above, name))
        return found

    def chroot_hooks(self) -> tuple[str, ...]:
        """The hooks that run in the target root; none when there is no such folder."""
        if self.base:
            return HookTree(self.base).chroot_hooks()
        try:
            return super().chroot_hooks()
        except LivecdError:
            return ()

    def hook_names(self) -> tuple[str, ...]:
        """Every file that could be meant as a hook, in code-point order."""
        lent = HookTree(self.base).hook_names() if self.base else ()
        return tuple(sorted({*super().hook_names(), *lent}))

    def path(self, hook: str) -> str:
        """Where a hook lies."""
        if self.base and hook.split("/", 1)[0] in LENT_FOLDERS:
            return HookTree(self.base).path(hook)
        return super().path(hook)

    def no_file(self, series: str) -> str | None:
        """Where a series file could lie, and a folder or something else does."""
        paths = (os.path.join(self.root, folder, series) for folder in SERIES_FOLDERS)
        return next((p for p in paths if series and "\0" not in p and os.path.exists(p)), None)

    @cached_property
    def shadowed(self) -> Mapping[str, str]:
        """The series files that others replace, by name."""
        kept, replaced = (os.path.join(self.root, folder) for folder in SERIES_FOLDERS)
        names = sorted(set(_files_in(kept)) & set(_files_in(replaced)))
        return {name: os.path.join(replaced, name) for name in names}

    def support_text(self, name: str) -> str:
        """What is in a file of any kind; nothing if it can't be read or is no text."""
        path = self.path(name)
        try:
            if os.path.getsize(path) > LARGEST_SCRIPT:
                return ""
            text = self.text(path)
        except (OSError, LivecdError):
            return ""
        return "" if b"\0" in text.data else text.source.text

    def is_own(self, path: str) -> bool:
        """Whether a file is in this tree, rather than in the one that it is laid over."""
        return self.base is None or not path.startswith(self.base.rstrip("/") + "/")

    def shown(self, path: str) -> Text:
        """What is in a file, to show a part of it; nothing, if it can't be read."""
        try:
            return self.text(path)
        except LivecdError:
            return Text(path, b"")

    def is_file(self, path: str) -> bool:
        """Whether there is a file; asked of the disk only where it was not read yet."""
        return path in self._texts or os.path.isfile(path)

    def text(self, path: str) -> Text:
        """What is in a file; read once.

        Raises:
            LivecdError: it can't be read.
        """
        if path not in self._texts:
            self._texts[path] = Text(path, self._data(path))
        return self._texts[path]

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The paths of all symbolic links, in code-point order."""
        found = (entry for entry in _scan(self.root) if entry.is_symlink())
        return tuple(sorted(one.path for one in found if not one.name.startswith(LOCK)))

    def _data(self, path: str) -> bytes:
        unsaved = self._unsaved.get(os.path.realpath(path)) if self._unsaved else None
        if unsaved is not None:
            return unsaved
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            raise LivecdError(f"{path} can't be read", why=error.strerror) from None


def _files_in(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]
    except OSError:
        return []


def _scan(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        found = os.scandir(folder)
    except OSError as error:
        raise LivecdError(f"{folder} can't be listed", why=error.strerror) from None
    with found as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _scan(entry.path)
