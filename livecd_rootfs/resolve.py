"""From image targets to the ordered hooks, each with its chain of ``depends``, and provides.

Depth-first in line order, in place: a ``depends`` line stands for the hooks of the series
that it names. It is not a topological sort. No input or output happens here but through
the tree that is passed in, and no recursion: a chain may be 10,000 series deep.
"""

from __future__ import annotations

from livecd_rootfs.series import PREFIX_VARIABLE, Entry, Series
from livecd_rootfs.source import Span
from livecd_rootfs.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Literal, Protocol

    from livecd_rootfs.diagnostics import Diagnostic
    from livecd_rootfs.findings import Chain
    from livecd_rootfs.hooktree import HookState

    Origin = Literal["chroot", "series", "final"]

    class Tree(Protocol):
        """What the resolver asks of a ``hooks.d``; `HookTree` is one."""

        root: str

        def series(self, name: str) -> Series | None:
            """The series file of this name."""

        def series_names(self) -> tuple[str, ...]:
            """All of them, to suggest from."""

        def chroot_hooks(self) -> tuple[str, ...]:
            """The hooks that always come first."""

        def final_hooks(self) -> tuple[str, ...]:
            """The hooks that always come last."""

        def hook_state(self, hook: str) -> HookState:
            """What stands at a hook's path."""

        def hook_names(self) -> tuple[str, ...]:
            """All files, to suggest from."""


# Beyond these many findings no near names are looked for, and no circles written out.
SUGGESTED_AT_MOST = 20
CIRCLES_AT_MOST = 20


class Reach(Value):
    """A reading of a series file: because it is a target, or because a line depends on it.

    Attributes:
        series: the file that is read.
        by: the name in the ``depends`` line that brought it in; ``None`` for a target.
        parent: the reading in which that line stands; ``None`` for a target.
    """

    series: Series
    by: Span | None
    parent: Reach | None

    @property
    def chain(self) -> tuple[Reach, ...]:
        """The readings from the target down to this one."""
        upwards = [self]
        while upwards[-1].parent is not None:
            upwards.append(upwards[-1].parent)
        return tuple(reversed(upwards))

    @property
    def target(self) -> str:
        """The target, as the user named it, that brought this in."""
        return self.chain[0].series.name


class OrderedHook(Value):
    """A hook at its place in the order.

    Attributes:
        name: its path relative to ``hooks.d``, as the series file has it.
        origin: ``chroot`` for those that always come first, ``final`` for those that
            always come last, else ``series``.
        span: where a series file lists it first; ``None`` when none does.
        reach: the reading of that series file.
    """

    name: str
    origin: Origin
    span: Span | None
    reach: Reach | None


class Provided(Value):
    """An artifact that a series file claims to make.

    Attributes:
        artifact: its name in the build directory, with ``${PREFIX}`` replaced.
        span: where the series file says so.
        reach: the reading of that series file.
        explicit: whether the series is a target, so that the pruner keeps the artifact.
    """

    artifact: str
    span: Span
    reach: Reach
    explicit: bool


class Resolution(Value):
    """What the targets mean.

    Attributes:
        targets: as they were given.
        hooks: in the order in which they run.
        provides: of all series that were read, in order.
        reaches: all readings, in order.
        diagnostics: errors first found first; with errors the rest is incomplete.
    """

    targets: tuple[str, ...]
    hooks: tuple[OrderedHook, ...]
    provides: tuple[Provided, ...]
    reaches: tuple[Reach, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def explicit_provides(self) -> tuple[str, ...]:
        """The artifacts of the targets themselves; none means that the pruner keeps all."""
        return tuple(provided.artifact for provided in self.provides if provided.explicit)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop a command."""
        return tuple(found for found in self.diagnostics if found.is_error)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The findings that don't."""
        return tuple(found for found in self.diagnostics if not found.is_error)


def split_targets(words: Iterable[str]) -> tuple[str, ...]:
    """The targets in words that may each hold several, split on ``,``, ``;``, white space."""
    return tuple(" ".join(words).replace(",", " ").replace(";", " ").split())


def resolve(
    targets: Sequence[str], tree: Tree, *, prefix: str, lenient: bool = False
) -> Resolution:
    """Find the hooks of the targets, in order, and what is provided.

    Args:
        targets: image targets, in the order of the command line.
        tree: the ``hooks.d``.
        prefix: what ``${PREFIX}`` stands for, see `series.artifact_prefix`.
        lenient: go on where a hook is missing or series depend on each other in a
            circle, with a warning, as the old make-hooks did without one.

    Raises:
        LivecdError: a file of the tree can't be read, or a series file is not UTF-8.
            All other faults are diagnostics of the result.
    """
    walk = _Walk(tree, prefix, lenient=lenient)
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
        diagnostics=tuple(walk.found),
    )


class _Walk:
    """One run of the resolver: what it has seen so far."""

    def __init__(self, tree: Tree, prefix: str, *, lenient: bool) -> None:
        self.tree = tree
        self.lenient = lenient
        self.prefix = prefix
        self.last = tree.final_hooks()
        self.hooks: dict[str, OrderedHook] = {}
        self.provides: list[Provided] = []
        self.reaches: list[Reach] = []
        self.found: list[Diagnostic] = []
        self._last_listed: dict[str, tuple[Span, Reach]] = {}
        self._expanded: set[str] = set()
        self._active: set[str] = set()
        self._circles: set[frozenset[str]] = set()

    def always(self, origin: Origin, hooks: Iterable[str]) -> None:
        """Take hooks that no series file needs to list."""
        for name in hooks:
            span, reach = self._last_listed.get(name, (None, None))
            self._take(OrderedHook(name=name, origin=origin, span=span, reach=reach))

    def read(self, target: str) -> None:
        """Read the series file of a target and, in place, all that it depends on."""
        series = self.tree.series(target)
        if series is None:
            self._report_unknown(target, None, None)
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
        silent = [reach for reach in self.reaches if reach.parent is None and _silent(reach)]
        if not (explicit and silent):
            return
        below = self._below([reach.series for reach in silent])
        made = [entry.name for entry in below if entry.kind == "provides"]
        lost = [name for name in map(self._artifact, made) if name not in explicit]
        if lost or (not made and any(entry.kind == "hook" for entry in below)):
            from livecd_rootfs import findings  # noqa: PLC0415 (rare, and slow to import)

            names = tuple(dict.fromkeys(reach.series.name for reach in silent))
            self.found.append(findings.silent_targets(names, tuple(dict.fromkeys(lost))))

    def _enter(self, reach: Reach) -> tuple[Reach, Iterator[Entry]]:
        self.reaches.append(reach)
        self._active.add(reach.series.name)
        return reach, iter(reach.series.entries)

    def _depends(self, entry: Entry, reach: Reach) -> list[tuple[Reach, Iterator[Entry]]]:
        if entry.name in self._active:
            self._report_circle(entry, reach)
            if not self.lenient:
                return []
        if entry.name in self._expanded:
            return []
        series = self.tree.series(entry.name)
        if series is None:
            self._report_unknown(entry.name, entry.span, reach)
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

    def _artifact(self, name: str) -> str:
        return name.replace(PREFIX_VARIABLE, self.prefix)

    def _list(self, entry: Entry, reach: Reach) -> None:
        if entry.name in self.last:
            self._last_listed.setdefault(entry.name, (entry.span, reach))
        elif entry.name not in self.hooks:
            self._take(OrderedHook(name=entry.name, origin="series", span=entry.span, reach=reach))

    def _take(self, hook: OrderedHook) -> None:
        self.hooks[hook.name] = hook
        state = self.tree.hook_state(hook.name)
        if state != "ready":
            from livecd_rootfs import findings  # noqa: PLC0415 (rare, and slow to import)

            self.found.append(
                findings.unfit_hook(
                    hook.name,
                    state,
                    span=hook.span,
                    chain=_chain(hook.reach),
                    known=self._known(self.tree.hook_names),
                    root=self.tree.root,
                    lenient=self.lenient,
                )
            )

    def _report_unknown(self, name: str, span: Span | None, reach: Reach | None) -> None:
        from livecd_rootfs import findings  # noqa: PLC0415 (only on errors)

        known = self._known(self.tree.series_names)
        self.found.append(
            findings.unknown_series(name, span=span, chain=_chain(reach), known=known)
        )

    def _report_circle(self, entry: Entry, reach: Reach) -> None:
        if len(self.found) > CIRCLES_AT_MOST:
            return  # each costs as much as it is long
        from livecd_rootfs import findings  # noqa: PLC0415 (only on errors)

        chain = reach.chain
        names = [step.series.name for step in chain]
        first = len(names) - 1 - names[::-1].index(entry.name)
        if frozenset(names[first:]) not in self._circles:
            self._circles.add(frozenset(names[first:]))
            spans = [step.by for step in chain[first + 1 :] if step.by is not None]
            circle = findings.circle(
                (*names[first:], entry.name), (*spans, entry.span), lenient=self.lenient
            )
            self.found.append(circle)

    def _known(self, names: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """The names to suggest from, for the first findings only: the search is slow."""
        return names() if len(self.found) < SUGGESTED_AT_MOST else ()

    def _below(self, series: Iterable[Series]) -> list[Entry]:
        """The entries of these series and of all that they depend on."""
        waiting, entries = list(series), list[Entry]()
        seen = {one.name for one in waiting}
        while waiting:
            own = waiting.pop().entries
            entries += own
            names = {entry.name for entry in own if entry.kind == "depends"} - seen
            seen |= names
            waiting += [one for one in map(self.tree.series, sorted(names)) if one]
        return entries


def _silent(reach: Reach) -> bool:
    return all(entry.kind != "provides" for entry in reach.series.entries)


def _chain(reach: Reach | None) -> Chain:
    """The target and the ``depends`` lines that lead to a reading."""
    steps = reach.chain if reach else ()
    target = steps[0].series.name if steps else ""
    return target, tuple(step.by for step in steps if step.by is not None)
