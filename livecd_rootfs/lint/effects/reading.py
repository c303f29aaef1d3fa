"""The reader of hooks: each in its language, with what its header says.

A hook may state what it reads and writes (``# hook: reads=... writes=...``). That counts for
all that its text does not tell for certain.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Effects, Kind, Touch
from livecd_rootfs.source import Source, Span

if TYPE_CHECKING:
    from livecd_rootfs.lint.effects.python import Loader
    from livecd_rootfs.lint.hook import Hook
    from livecd_rootfs.lint.tree import LintTree

SHELLS = ("sh", "bash", "dash", "ksh")
PACKAGE = "livecd_rootfs"
# Where a hook finds the tree: beside itself, and by these paths in a build.
_CONFIG_TREES = tuple(
    f"{folder}config/hooks.d/"
    for folder in ("", "./", f"{names.BUILD}/", "/build/", "/root/", "/live-build/")
)


class Reader:
    """Reads the hooks of a tree.

    Args:
        tree: the ``hooks.d``.
    """

    def __init__(self, tree: LintTree) -> None:
        self._tree = tree
        self._found: dict[str, Effects] = {}

    def effects(self, hook: Hook) -> Effects:
        """What a hook does, as far as that is known; read once."""
        if hook.name not in self._found:
            self._found[hook.name] = stated(self._of_text(hook), hook)
        return self._found[hook.name]

    def _of_text(self, hook: Hook) -> Effects:
        if hook.is_file and hook.is_script and hook.interpreter in SHELLS and has_parser():
            from livecd_rootfs.lint.effects import shell  # noqa: PLC0415 (the parser is slow to load)

            return shell.effects(hook.text.source, lambda path: self._beside(hook, path))
        if hook.is_file and hook.is_script and hook.interpreter.startswith("python"):
            from livecd_rootfs.lint.effects import python  # noqa: PLC0415 (likewise)

            return python.effects(hook.text.source, self._loader)
        return unclear(hook)

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
        if found is None or not os.path.isfile(found):
            return None
        return self._tree.text(os.path.normpath(found)).source

    def _module(self, name: str) -> Source | None:
        """A module of the package: the one beside the tree, else this program's own."""
        inside = name.split(".")[1:]
        for folder in (Path(self._tree.root).resolve().parent / PACKAGE, _own_package()):
            path = folder.joinpath(*inside).with_suffix(".py")
            if path.is_file():
                return self._tree.text(str(path)).source
        return None


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
        Touch(kind=kind, name=names.UNKNOWN, span=span, certain=False, by=hook.name)
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
        yield Touch(
            kind=kinds[0], name=names.normal(name), span=span, certain=False, by="its header"
        )


def _sums_up(pattern: str, own: Iterable[Touch]) -> bool:
    """Whether a pattern of the header is short for names that the text tells one by one."""
    declared = names.normal(pattern)
    told = (touch.name for touch in own)
    return not names.is_known(declared) and any(names.covers(declared, name) for name in told)


def _declared_at(name: str, hook: Hook) -> Span:
    start = max(0, hook.text.source.text.find(name))
    return hook.text.span(start, start + len(name))
