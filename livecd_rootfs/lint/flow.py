"""What goes from hook to hook: who makes a name in the build directory, and who needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from livecd_rootfs.hooktree import CHROOT_SUFFIXES, FINAL_HOOKS
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Kind, Touch, touched
from livecd_rootfs.series import Entry, Series

BINARY_SUFFIX = ".binary"
MAKING = (Kind.WRITE, Kind.MKDIR, Kind.REMOVE)
# Files that auto/build of a live-build leaves beside what the hooks make.
_OF_LIVE_BUILD = (
    *("ext4", "manifest", "size", "squashfs", "filelist", "packages"),
    *("kernel-*", "initrd-*", "modules.squashfs", "manifest-remove"),
)


def listed(context: Context, series: Iterable[str]) -> tuple[str, ...]:
    """The hooks that these series list themselves, each once."""
    files = (context.series[name] for name in series if name in context.series)
    lines = (entry.name for file in files for entry in file.entries if entry.kind == "hook")
    return tuple(dict.fromkeys(name for name in lines if context.hooks[name].is_file))


def is_binary(hook: str) -> bool:
    """Whether it runs in the build directory, among other hooks."""
    return hook.endswith(BINARY_SUFFIX) and hook not in FINAL_HOOKS


def made_by(context: Context, hooks: Iterable[str]) -> Iterator[Touch]:
    """What these hooks make or change, be it that they only may."""
    for hook in hooks:
        yield from _of(context, hook, *MAKING)


def read_by(context: Context, hooks: Iterable[str]) -> Iterator[Touch]:
    """What these hooks need, be it that they only may."""
    for hook in hooks:
        yield from _of(context, hook, Kind.READ, Kind.REMOVE)


def artifacts_read(context: Context, hook: str) -> Iterator[str]:
    """The artifacts that a hook needs of others: these may well be pruned afterwards."""
    for touch in read_by(context, [hook]):
        if names.is_artifact(touch.name) and names.tells(touch.name):
            yield touch.name


def touched_by(context: Context, hooks: Iterable[str]) -> Iterator[Touch]:
    """All that these hooks deal with."""
    for hook in hooks:
        yield from _of(context, hook, *Kind)


def _of(context: Context, hook: str, *kinds: Kind) -> Iterator[Touch]:
    """A hook that runs in the root changes that; its own paths are not those of the build."""
    if hook.endswith(CHROOT_SUFFIXES):
        span = context.hooks[hook].text.first_line
        yield touched(kinds[0], "chroot", span, certain=False, by=hook)
        return
    yield from context.effects(hook).of(*kinds)


def made_for(context: Context, series: str) -> frozenset[str]:
    """The names of all that a build of a series may write."""
    hooks = listed(context, sorted(context.below(series)))
    return frozenset(t.name for t in made_by(context, hooks) if t.kind is not Kind.REMOVE)


def unmade(context: Context, series: Series) -> Iterator[Entry]:
    """What a series provides, and nothing in its builds writes, as far as all is known."""
    entries = [entry for entry in series.entries if entry.kind == "provides"]
    if entries and _is_whole(context, context.below(series.name)):
        made = names.Names(made_for(context, series.name))
        yield from (e for e in entries if not by_live_build(e.name) and not made.has(e.name))


def _is_whole(context: Context, series: Iterable[str]) -> bool:
    """Whether these series and all hooks that they list are there to be read."""
    return all(
        name in context.series
        and all(
            context.hooks[entry.name].is_file
            for entry in context.series[name].entries
            if entry.kind == "hook"
        )
        for name in series
    )


def by_live_build(name: str) -> bool:
    """Whether live-build itself makes an artifact of this name."""
    return any(names.same(name, f"{names.PREFIX}.{end}") for end in _OF_LIVE_BUILD)
