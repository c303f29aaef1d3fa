"""The reader of hooks: each in its language, with what its header says.

A hook may state what it reads and writes (``# hook: reads=... writes=...``). That counts for
all that its text does not tell for certain.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint.effects import memo as memos
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.memo import Memo
from livecd_rootfs.lint.effects.model import Effects, Kind, Touch, touched
from livecd_rootfs.source import Source, Span

if TYPE_CHECKING:
    from livecd_rootfs.lint.effects.python import Loader
    from livecd_rootfs.lint.hook import Hook
    from livecd_rootfs.lint.tree import LintTree

SHELLS = ("sh", "bash", "dash", "ksh")
PACKAGE = "livecd_rootfs"
# For fewer hooks it takes longer to start processes than to follow them.
MANY = 200
# Where a hook finds the tree: beside itself, and by these paths in a build.
_CONFIG_TREES = tuple(
    f"{folder}config/hooks.d/"
    for folder in ("", "./", f"{names.BUILD}/", "/build/", "/root/", "/live-build/")
)


class Reader:
    """Reads the hooks of a tree.

    Args:
        tree: the ``hooks.d``.
        memo: what is known of its hooks from another time.
    """

    def __init__(self, tree: LintTree, memo: Memo | None = None) -> None:
        self._tree = tree
        self._memo = memo
        # The digests of other files that hooks were read from, by path; those of modules stay,
        # since each is parsed once for all hooks.
        self._beside_hook: dict[str, str] = {}
        self._modules: dict[str, str] = {}
        self._language = cache(_language)
        self._key = cache(_key)

    def effects(self, hook: Hook) -> Effects:
        """What a hook does, as far as that is known."""
        return stated(self._remembered(hook), hook)

    def prepare(self, hooks: Iterable[Hook], processes: int) -> None:
        """Follow those of many hooks that nothing is known of in several processes.

        Args:
            hooks: hooks of the tree.
            processes: how many may run at once.
        """
        memo = self._memo
        if memo is None or processes == 1:
            return
        new = [hook for hook in hooks if self._language(hook) and not memo.has(self._key(hook))]
        if len(new) < MANY:
            return
        from livecd_rootfs.lint.effects import crew  # noqa: PLC0415 (it is slow to load)

        def follow(places: Iterable[int]) -> crew.Rows:
            rows: dict[str, memos.Row] = {}
            for hook in (new[place] for place in places):
                with suppress(LivecdError):  # it is met again, and told, where rules ask for it
                    rows[self._key(hook)] = self._follow(hook)[1]
            return rows

        for rows in crew.rows(follow, len(new), processes):
            memo.adopt(rows)

    def remember(self) -> None:
        """Keep what was found for another time."""
        if self._memo is not None:
            self._memo.save()

    def _remembered(self, hook: Hook) -> Effects:
        if self._language(hook) is None:
            return unclear(hook)
        if self._memo is None:
            return self._read(hook)
        known = self._memo.find(self._key(hook), self._open)
        if known is not None:
            return known
        found, row = self._follow(hook)
        self._memo.adopt({self._key(hook): row})
        return found

    def _follow(self, hook: Hook) -> tuple[Effects, memos.Row]:
        """What a hook does, and how that is remembered."""
        self._beside_hook = {}
        found = self._read(hook)
        is_shell = self._language(hook) == "sh"
        return found, memos.row_of(found, self._beside_hook if is_shell else self._modules)

    def _read(self, hook: Hook) -> Effects:
        try:
            return self._by_language(hook)
        except RecursionError:
            return unclear(hook)  # thousands of blocks in each other

    def _by_language(self, hook: Hook) -> Effects:
        if self._language(hook) == "sh":
            from livecd_rootfs.lint.effects import shell  # noqa: PLC0415 (the parser is slow to load)

            return shell.effects(hook.text.source, lambda path: self._beside(hook, path))
        from livecd_rootfs.lint.effects import python  # noqa: PLC0415 (likewise)

        return python.effects(hook.text.source, self._loader)

    @cached_property
    def _loader(self) -> Loader:
        from livecd_rootfs.lint.effects.python import Loader  # noqa: PLC0415 (likewise)

        return Loader(self._module)

    def _beside(self, hook: Hook, path: str) -> Source | None:
        """A file of the tree that a hook sources or runs."""
        found = None
        if path.startswith(f"{names.HOOK_FOLDER}/"):
            folder = os.path.dirname(hook.path)
            found = os.path.join(folder, path.removeprefix(f"{names.HOOK_FOLDER}/"))
        for start in _CONFIG_TREES:
            if path.startswith(start):
                found = self._tree.path(path.removeprefix(start))
        if found is None:
            return None
        whole = os.path.normpath(found)
        source = self._open(whole)
        self._beside_hook[whole] = memos.digest(source)
        return source

    def _module(self, name: str) -> Source | None:
        """A module of the package: the one beside the tree, else this program's own."""
        inside = name.split(".")[1:]
        for folder in (Path(self._tree.root).resolve().parent / PACKAGE, _own_package()):
            path = str(folder.joinpath(*inside).with_suffix(".py"))
            source = self._open(path)
            self._modules[path] = memos.digest(source)
            if source is not None:
                return source
        return None

    def _open(self, path: str) -> Source | None:
        return self._tree.text(path).source if self._tree.is_file(path) else None


def _key(hook: Hook) -> str:
    return memos.key_of(hook.text.source)


def _language(hook: Hook) -> str | None:
    """The language of a hook that can be followed."""
    if not (hook.is_file and hook.is_script):
        return None
    if hook.interpreter in SHELLS and has_parser():
        return "sh"
    return "python" if hook.interpreter.startswith("python") else None


@cache
def has_parser() -> bool:
    """Whether the parser of shell is installed; in a mere checkout it need not be."""
    return find_spec("tree_sitter") is not None and find_spec("tree_sitter_bash") is not None


def _own_package() -> Path:
    return Path(__file__).resolve().parents[2]


def unclear(hook: Hook) -> Effects:
    """A hook of which nothing is known may do anything."""
    span = hook.text.first_line
    touches = tuple(
        touched(kind, names.UNKNOWN, span, certain=False, by=hook.name)
        for kind in (Kind.READ, Kind.WRITE)
    )
    return Effects(touches=touches, is_parsed=False)


def stated(found: Effects, hook: Hook) -> Effects:
    """What its header says, instead of what the hook's text only may mean."""
    header = hook.header.header
    touches = found.touches
    if header.reads is not None:
        touches = tuple(_with(touches, (Kind.READ,), header.reads, hook))
    if header.writes is not None:
        touches = tuple(_with(touches, (Kind.WRITE, Kind.MKDIR), header.writes, hook))
    return replace(found, touches=touches)


def _with(
    touches: Sequence[Touch], kinds: tuple[Kind, ...], declared: tuple[str, ...], hook: Hook
) -> Iterator[Touch]:
    own = [touch for touch in touches if touch.kind in kinds]
    is_told = bool(own) and all(names.is_known(touch.name) for touch in own)
    yield from (t for t in touches if t.certain or t.kind not in kinds or is_told)
    for name in declared:
        if is_told and _sums_up(name, own):
            continue
        span = _declared_at(name, hook)
        yield touched(kinds[0], names.normal(name), span, certain=False, by="its header")


def _sums_up(pattern: str, own: Iterable[Touch]) -> bool:
    """Whether a pattern of the header is short for names that the text tells one by one."""
    declared = names.normal(pattern)
    told = (touch.name for touch in own)
    return not names.is_known(declared) and any(names.covers(declared, name) for name in told)


def _declared_at(name: str, hook: Hook) -> Span:
    start = max(0, hook.text.source.text.find(name))
    return hook.text.span(start, start + len(name))
