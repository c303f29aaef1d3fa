"""What goes from hook to hook: who makes a name in the build directory, and who needs it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from livecd_rootfs.hooktree import CHROOT_SUFFIXES, FINAL_HOOKS
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Effects, Kind
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.series import Entry, Series

BINARY_SUFFIX = ".binary"
WRITING = (Kind.WRITE, Kind.MKDIR)
MAKING = (*WRITING, Kind.REMOVE)
NEEDING = (Kind.READ, Kind.REMOVE)
# Files that auto/build of a live-build leaves beside what the hooks make.
_OF_LIVE_BUILD = (
    *("ext4", "manifest", "size", "squashfs", "filelist", "packages"),
    *("kernel-*", "initrd-*", "modules.squashfs", "manifest-remove"),
)


def is_binary(hook: str) -> bool:
    """Whether it runs in the build directory, among other hooks."""
    return hook.endswith(BINARY_SUFFIX) and hook not in FINAL_HOOKS


class Tree(Protocol):
    """What must be known of a tree; see `Context`, which is one."""

    @property
    def series(self) -> Mapping[str, Series]:
        """The series files that count, by name."""

    @property
    def hooks(self) -> Mapping[str, Hook]:
        """Every hook, by its path in ``hooks.d``."""

    @property
    def below(self) -> Callable[[str], frozenset[str]]:
        """A series and all that it depends on."""

    @property
    def effects(self) -> Callable[[str], Effects]:
        """What a hook reads and writes."""


class Flow:
    """What the hooks of a tree make and need, each found once.

    Args:
        context: the tree.
    """

    def __init__(self, context: Tree) -> None:
        self._context = context
        self._listed_by = functools.cache(self._listed_by_one)
        self._made = functools.cache(lambda hook: self._names(hook, MAKING))
        self._written = functools.cache(lambda hook: self._names(hook, WRITING))
        self._touched = functools.cache(lambda hook: self._names(hook, tuple(Kind)))
        self.made_for = functools.cache(self._made_for)

    def listed(self, series: Iterable[str]) -> tuple[str, ...]:
        """The hooks that these series list themselves, each once."""
        hooks = (hook for name in series for hook in self._listed_by(name))
        return tuple(dict.fromkeys(hooks))

    def _listed_by_one(self, name: str) -> tuple[str, ...]:
        file = self._context.series.get(name)
        lines = [entry.name for entry in file.entries if entry.kind == "hook"] if file else []
        return tuple(name for name in lines if self._context.hooks[name].is_file)

    def made_by(self, hooks: Iterable[str]) -> tuple[str, ...]:
        """What these hooks make or change, be it that they only may."""
        return _together(map(self._made, hooks))

    def touched_by(self, hooks: Iterable[str]) -> tuple[str, ...]:
        """All that these hooks deal with."""
        return _together(map(self._touched, hooks))

    def artifacts_read(self, hook: str) -> tuple[str, ...]:
        """The artifacts that a hook needs of others: these may well be pruned afterwards."""
        read = self._names(hook, NEEDING)
        return tuple(name for name in read if names.is_artifact(name) and names.tells(name))

    def _names(self, hook: str, kinds: Sequence[Kind]) -> tuple[str, ...]:
        """A hook that runs in the root changes that; its own paths are not those of the build."""
        if hook.endswith(CHROOT_SUFFIXES):
            return ("chroot",)
        touches = self._context.effects(hook).touches
        return tuple(dict.fromkeys(touch.name for touch in touches if touch.kind in kinds))

    def _made_for(self, series: str) -> frozenset[str]:
        """The names of all that a build of a series may write."""
        hooks = self.listed(self._context.below(series))
        return frozenset(_together(map(self._written, hooks)))

    def unmade(self, series: Series) -> Iterator[Entry]:
        """What a series provides, and nothing in its builds writes, as far as all is known."""
        entries = [entry for entry in series.entries if entry.kind == "provides"]
        if entries and self._is_whole(self._context.below(series.name)):
            made = names.Names(self.made_for(series.name))
            yield from (e for e in entries if not by_live_build(e.name) and not made.has(e.name))

    def _is_whole(self, series: Iterable[str]) -> bool:
        """Whether these series and all hooks that they list are there to be read."""
        files = [self._context.series.get(name) for name in series]
        return all(
            file is not None
            and all(
                self._context.hooks[entry.name].is_file
                for entry in file.entries
                if entry.kind == "hook"
            )
            for file in files
        )


def _together(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(groups)))


@functools.cache
def by_live_build(name: str) -> bool:
    """Whether live-build itself makes an artifact of this name."""
    return any(names.same(name, f"{names.PREFIX}.{end}") for end in _OF_LIVE_BUILD)
