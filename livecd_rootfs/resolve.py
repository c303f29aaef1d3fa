"""From image targets to the ordered hooks, each with its chain of ``depends``, and provides.

Depth-first in line order, in place: a ``depends`` line stands for the hooks of the series
that it names. It is not a topological sort. No input or output happens here but through
the tree that is passed in, and no recursion: a chain may be 10,000 series deep.
"""

from __future__ import annotations

from functools import partial

from livecd_rootfs.resolution import OrderedHook, Provided, Reach, Resolution
from livecd_rootfs.series import expanded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from livecd_rootfs.diagnostics import Diagnostic
    from livecd_rootfs.findings import Report
    from livecd_rootfs.resolution import Origin, Tree
    from livecd_rootfs.series import Entry, Series
    from livecd_rootfs.source import Span

KERNEL_HOOK, CHROOT_HOOK = "kernel-", ".chroot"

__all__ = [
    "OrderedHook",
    "Provided",
    "Reach",
    "Resolution",
    "kernel_flavour",
    "resolve",
    "split_targets",
]


def split_targets(words: Iterable[str]) -> tuple[str, ...]:
    """The targets in words that may each hold several, split on ``,``, ``;``, white space."""
    return tuple(" ".join(words).replace(",", " ").replace(";", " ").split())


def resolve(
    targets: Sequence[str],
    tree: Tree,
    *,
    prefix: str,
    flavour: str | None = None,
    lenient: bool = False,
) -> Resolution:
    """Find the hooks of the targets, in order, and what is provided.

    Args:
        targets: image targets, in the order of the command line.
        tree: the ``hooks.d``.
        prefix: what ``${PREFIX}`` stands for, see `series.artifact_prefix`.
        flavour: what ``${FLAVOUR}`` stands for, see `series.expanded`, where no hook
            decides that, see `kernel_flavour`.
        lenient: go on where a hook is missing or series depend on each other in a
            cycle, with a warning, as the old make-hooks did without one.

    Raises:
        LivecdError: a file of the tree can't be read, or a series file is not UTF-8.
            All other faults are diagnostics of the result.
    """
    found = _read(targets, tree, partial(expanded, prefix=prefix, flavour=flavour), lenient=lenient)
    named = kernel_flavour(hook.name for hook in found.hooks)
    if named in {None, flavour}:
        return found
    return _read(targets, tree, partial(expanded, prefix=prefix, flavour=named), lenient=lenient)


def kernel_flavour(hooks: Iterable[str]) -> str | None:
    """The kernel's flavour that hooks see to, whatever was asked for; ``None`` if none does.

    A hook called ``kernel-FLAVOUR.chroot`` brings the kernel of that flavour; the last
    one has it.
    """
    names = (hook.rpartition("/")[2] for hook in hooks)
    found = [
        name.removeprefix(KERNEL_HOOK).removesuffix(CHROOT_HOOK)
        for name in names
        if name.startswith(KERNEL_HOOK) and name.endswith(CHROOT_HOOK)
    ]
    return found[-1] if found else None


def _read(
    targets: Sequence[str], tree: Tree, artifact: Callable[[str], str], *, lenient: bool
) -> Resolution:
    walk = _Walk(tree, artifact, lenient=lenient)
    walk.always("chroot", tree.chroot_hooks())
    for target in targets:
        walk.read(target)
    walk.always("final", walk.last)
    walk.warn_of_silent_targets()
    return Resolution(
        targets=tuple(targets),
        hooks=tuple(walk.hooks.values()),
        provides=tuple(walk.provides),
        reaches=tuple(walk.reaches),
        diagnostics=walk.found,
    )


class _Walk:
    """One run of the resolver: what it has seen so far."""

    def __init__(self, tree: Tree, artifact: Callable[[str], str], *, lenient: bool) -> None:
        self.tree = tree
        self.lenient = lenient
        self._artifact = artifact
        self.last = tree.final_hooks()
        self.hooks: dict[str, OrderedHook] = {}
        self.provides: list[Provided] = []
        self.reaches: list[Reach] = []
        self._findings: Report | None = None
        self._last_listed: dict[str, tuple[Span, Reach]] = {}
        self._expanded: set[str] = set()
        self._active: set[str] = set()

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """What is wrong, first found first."""
        return tuple(self._findings.found) if self._findings else ()

    def always(self, origin: Origin, hooks: Iterable[str]) -> None:
        """Take hooks that no series file needs to list."""
        for name in hooks:
            span, reach = self._last_listed.get(name, (None, None))
            self._take(OrderedHook(name=name, origin=origin, span=span, reach=reach))

    def read(self, target: str) -> None:
        """Read the series file of a target and, in place, all that it depends on."""
        series = self.tree.series(target)
        if series is None:
            self._report().unknown_series(target, None, None)
            return
        stack = [self._enter(Reach(series=series, by=None, parent=None))]
        while stack:
            reach, entries = stack[-1]
            entry = next(entries, None)
            if entry is None:
                stack.pop()
                self._active.discard(reach.series.name)
            elif entry.kind == "depends":
                stack += self._depends(entry, reach)
            elif entry.kind == "provides":
                self._provide(entry, reach)
            else:
                self._list(entry, reach)

    def warn_of_silent_targets(self) -> None:
        """Say so where a target without provides stands beside one that has some.

        The pruner keeps everything when nothing is provided; one target that does
        provide something turns that round for all.
        """
        explicit = {provided.artifact for provided in self.provides if provided.explicit}
        tops = [reach.series for reach in self.reaches if reach.parent is None]
        silent = [top for top in tops if all(one.kind != "provides" for one in top.entries)]
        if explicit and silent:
            below = self._below(silent)
            made = [one.name for one in below if one.kind == "provides"]
            lost = [name for name in map(self._artifact, made) if name not in explicit]
            if lost or (not made and any(one.kind == "hook" for one in below)):
                self._report().silent_targets([top.name for top in silent], lost)

    def _enter(self, reach: Reach) -> tuple[Reach, Iterator[Entry]]:
        self.reaches.append(reach)
        self._active.add(reach.series.name)
        return reach, iter(reach.series.entries)

    def _depends(self, entry: Entry, reach: Reach) -> list[tuple[Reach, Iterator[Entry]]]:
        if entry.name in self._active:
            self._report().cycle(entry, reach)
            if not self.lenient:
                return []
        if entry.name in self._expanded:
            return []
        series = self.tree.series(entry.name)
        if series is None:
            self._report().unknown_series(entry.name, entry.span, reach)
            return []
        self._expanded.add(entry.name)
        return [self._enter(Reach(series=series, by=entry.span, parent=reach))]

    def _provide(self, entry: Entry, reach: Reach) -> None:
        self.provides.append(
            Provided(
                artifact=self._artifact(entry.name),
                span=entry.span,
                reach=reach,
                explicit=reach.parent is None,
            )
        )

    def _list(self, entry: Entry, reach: Reach) -> None:
        if entry.name in self.last:
            self._last_listed.setdefault(entry.name, (entry.span, reach))
        elif entry.name not in self.hooks:
            self._take(OrderedHook(name=entry.name, origin="series", span=entry.span, reach=reach))

    def _take(self, hook: OrderedHook) -> None:
        self.hooks[hook.name] = hook
        state = self.tree.hook_state(hook.name)
        if state != "ready":
            self._report().unfit_hook(hook, state)

    def _report(self) -> Report:
        if self._findings is None:
            from livecd_rootfs.findings import Report  # noqa: PLC0415 (rare, and slow to import)

            self._findings = Report(self.tree, lenient=self.lenient)
        return self._findings

    def _below(self, series: Iterable[Series]) -> list[Entry]:
        """The entries of these series and of all that they depend on."""
        waiting = list(series)
        entries: list[Entry] = []
        seen = {one.name for one in waiting}
        while waiting:
            own = waiting.pop().entries
            entries += own
            names = {entry.name for entry in own if entry.kind == "depends"} - seen
            seen |= names
            waiting += [one for one in map(self.tree.series, sorted(names)) if one]
        return entries
