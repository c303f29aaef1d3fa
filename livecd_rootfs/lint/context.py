"""What rules look at: the tree, its series files and hooks, and what the resolver makes of them.

Everything is found when it is asked for, once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from livecd_rootfs import misread
from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.findings import Report
from livecd_rootfs.hooktree import FINAL_HOOKS
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.lint.tree import HOOK_SUFFIXES, LintTree
from livecd_rootfs.misread import Misread
from livecd_rootfs.resolution import Reach, Resolution
from livecd_rootfs.resolve import resolve
from livecd_rootfs.series import Entry, Series, artifact_prefix, expanded
from livecd_rootfs.source import Span

# What stands for bytes that are no text; the rule bad-encoding tells of them.
NO_TEXT = re.compile("[\udc80-\udcff\0]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBuild:
    """Targets that someone builds together, and where that is said."""

    targets: str
    span: Span


if TYPE_CHECKING:
    from livecd_rootfs.lint.effects.model import Effects
    from livecd_rootfs.lint.effects.reading import Reader
    from livecd_rootfs.lint.flow import Flow


class Context:
    """A tree, and what is known of it.

    Args:
        tree: the ``hooks.d``.
        project: what ``PROJECT`` is in its builds, to compare literal names of artifacts
            with ``${PREFIX}``; the default one when it is not given.
        builds: lists of targets that are built together.
        recorded: what hooks wrote in a build, by their names.
        cache: where what is found in hooks is kept for another time; nowhere if ``None``.
        processes: how many may follow hooks at once, where there are many.
    """

    def __init__(
        self,
        tree: LintTree,
        *,
        project: str | None = None,
        builds: Sequence[NamedBuild] = (),
        recorded: Mapping[str, tuple[str, ...]] | None = None,
        cache: Path | None = None,
        processes: int = 1,
    ) -> None:
        self._cache = cache
        self._processes = processes
        self.recorded = recorded or {}
        self.builds = tuple(builds)
        self.tree = tree
        self.project = project
        self.prefix = artifact_prefix(project, None)
        # Of the instance: an editor's server makes a context for each change, and drops it.
        self.resolution = functools.cache(self._resolution)
        self.below = functools.cache(self._below)
        self.is_incomplete = functools.cache(self._is_incomplete)
        self.effects = functools.cache(self._effects)

    @cached_property
    def series(self) -> Mapping[str, Series]:
        """The series files that count, by name, in code-point order.

        A file in ``base`` that one in ``extra`` replaces is not among them.
        """
        named = {name: self.tree.series(name) for name in self.tree.series_names()}
        return {name: series for name, series in named.items() if series}

    @cached_property
    def own_series(self) -> tuple[Series, ...]:
        """Those of them that are in this tree, rather than in the one that it is laid over."""
        return tuple(one for one in self.series.values() if self.tree.is_own(one.source.path))

    @cached_property
    def hooks(self) -> Mapping[str, Hook]:
        """Every hook by its path in ``hooks.d``: those that are listed, then all others.

        A name that a series file lists is there also when it is no file. Others are files
        whose suffix is that of a hook.
        """
        named = (name for name in self.tree.hook_names() if name.endswith(HOOK_SUFFIXES))
        names = dict.fromkeys((*self.listings, *self.tree.chroot_hooks(), *FINAL_HOOKS, *named))
        hooks = {name: Hook(name, self.tree) for name in names}
        return {name: hook for name, hook in hooks.items() if name in self.listings or hook.is_file}

    @cached_property
    def used_hooks(self) -> tuple[Hook, ...]:
        """The hooks of this tree that builds run: those that are listed or always run."""
        always = {*self.tree.chroot_hooks(), *FINAL_HOOKS}
        used = [
            hook for name, hook in self.hooks.items() if name in self.listings or name in always
        ]
        by_path = {hook.path: hook for hook in reversed(used)}  # spelt in two ways, it is one
        own = (hook for hook in reversed(by_path.values()) if self.tree.is_own(hook.path))
        return tuple(hook for hook in own if hook.is_file)

    @cached_property
    def unused_hooks(self) -> tuple[Hook, ...]:
        """The hooks that no build runs."""
        used = {hook.path for hook in self.used_hooks}
        own = (hook for hook in self.hooks.values() if self.tree.is_own(hook.path))
        return tuple(hook for hook in own if hook.is_file and hook.path not in used)

    @cached_property
    def listings(self) -> Mapping[str, tuple[tuple[Series, Entry], ...]]:
        """The lines that list a hook, by the hook's name as it stands there."""
        found: dict[str, list[tuple[Series, Entry]]] = {}
        for series, entry in self.entries("hook"):
            found.setdefault(entry.name, []).append((series, entry))
        return {name: tuple(lines) for name, lines in found.items()}

    def entries(self, *kinds: str) -> Iterator[tuple[Series, Entry]]:
        """The lines of these kinds, with their series, of all series that count."""
        for series in self.series.values():
            for entry in series.entries:
                if entry.kind in kinds:
                    yield series, entry

    @cached_property
    def whole(self) -> Resolution:
        """What all targets together mean; those first that no other depends on.

        Its hooks are those of the tree, each once; its findings name each place once.
        """
        below = {entry.name for _, entry in self.entries("depends")}
        tops = [name for name in self.series if name not in below]
        return resolve(tuple(dict.fromkeys((*tops, *self.series))), self.tree, prefix=self.prefix)

    @cached_property
    def reaches(self) -> Mapping[str, Reach]:
        """For each series the reading of it that tells who needs it."""
        found: dict[str, Reach] = {}
        for reach in self.whole.reaches:
            found.setdefault(reach.series.name, reach)
        return found

    def _resolution(self, *targets: str) -> Resolution:
        """What a build of targets means."""
        return resolve(targets, self.tree, prefix=self.prefix)

    def _below(self, name: str) -> frozenset[str]:
        """A series and all that it depends on, by way of others too."""
        seen, waiting = {name}, [name]
        while waiting:
            series = self.series.get(waiting.pop())
            entries = series.entries if series else ()
            names = {entry.name for entry in entries if entry.kind == "depends"} - seen
            seen |= names
            waiting += names
        return frozenset(seen)

    @cached_property
    def misread(self) -> tuple[Misread, ...]:
        """The lines that say something else than was meant, in this tree's own files."""
        return tuple(
            found
            for series in self.own_series
            for entry in series.entries
            if not NO_TEXT.search(entry.name) and (found := self._look(entry))
        )

    def misread_as(self, kind: str, severity: Severity) -> Iterator[Diagnostic]:
        """Findings about lines that were misread in one way."""
        for found in self.misread:
            if found.kind == kind:
                yield Diagnostic(
                    code=kind,
                    severity=severity,
                    message=found.message,
                    labels=(Label(span=found.span),),
                    help=found.help,
                    fix=found.fix,
                )

    def is_misread(self, entry: Entry) -> bool:
        """Whether a line says something else than was meant, which another rule tells."""
        return bool(NO_TEXT.search(entry.name)) or self._look(entry) is not None

    def _is_incomplete(self, target: str) -> bool:
        """Whether a line is not understood on which the meaning of a target hangs.

        What the target lacks or has too much may then be that line's fault.
        """
        below = (self.series.get(name) for name in self.below(target))
        return any(one is None or any(map(self._is_unclear, one.entries)) for one in below)

    @cached_property
    def is_understood(self) -> bool:
        """Whether every line of the tree is; else a target may have what nobody sees."""
        return not any(
            self._is_unclear(entry) for one in self.series.values() for entry in one.entries
        )

    def _is_unclear(self, entry: Entry) -> bool:
        unknown = entry.kind != "provides" and not self._exists(entry.kind, entry.name)
        return unknown or self.is_misread(entry)

    def _look(self, entry: Entry) -> Misread | None:
        return misread.look(entry, self._exists)

    def _exists(self, kind: str, name: str) -> bool:
        if kind == "depends":
            return name in self.series
        return (self.hooks.get(name) or Hook(name, self.tree)).is_file

    @cached_property
    def _reader(self) -> Reader:
        from livecd_rootfs.lint.effects.memo import Memo  # noqa: PLC0415 (not for all rules)
        from livecd_rootfs.lint.effects.reading import Reader  # noqa: PLC0415 (likewise)

        memo = Memo(self._cache, self.tree.root) if self._cache else None
        reader = Reader(self.tree, memo)
        reader.prepare(self.hooks.values(), self._processes)
        return reader

    def remember(self) -> None:
        """Keep what was found in hooks, for another time."""
        if "_reader" in self.__dict__:
            self._reader.remember()

    def _effects(self, hook: str) -> Effects:
        """What a hook reads and writes, as far as its text and its header tell.

        Args:
            hook: its path in ``hooks.d``, one of `hooks`.
        """
        return self._reader.effects(self.hooks[hook])

    @cached_property
    def flow(self) -> Flow:
        """What goes from hook to hook."""
        from livecd_rootfs.lint.flow import Flow  # noqa: PLC0415 (not for all rules)

        return Flow(self)

    def artifact(self, name: str) -> str:
        """The name of an artifact with its variables replaced."""
        return expanded(name, prefix=self.prefix)

    def report(self) -> Report:
        """A new list of findings, to be told in the words of make-hooks."""
        return Report(self.tree, lenient=False)
