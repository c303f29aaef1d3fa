"""What can be wrong with targets and series files: one method for each finding."""

from __future__ import annotations

import shlex
from functools import cached_property
from typing import TYPE_CHECKING

from livecd_rootfs import misread
from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.series import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from livecd_rootfs.resolution import OrderedHook, Reach, Tree
    from livecd_rootfs.source import Span

# How much of a long chain, cycle or list is written out.
SHOWN_AT_MOST = 8
# Who asks for a target that there is not wants to see those that there are.
TARGETS_AT_MOST = 40

# Beyond these many findings no near names are looked for; these many cycles are written out.
SUGGESTED_AT_MOST = 10
CYCLES_AT_MOST = 20
NOT_EXECUTABLE = "not executable"
WRONG_STATES = {
    "missing": ("does not exist", "no such file in {root}"),
    "not a file": ("is not a file", "a folder, or something else that can't be run"),
}


class Report:
    """The findings of one run of the resolver.

    Args:
        tree: the ``hooks.d``, for names to suggest.
        lenient: warn of what else is an error.
    """

    def __init__(self, tree: Tree, *, lenient: bool) -> None:
        self.found: list[Diagnostic] = []
        self._tree = tree
        self._usually_error = Severity.WARNING if lenient else Severity.ERROR
        self._cycles: set[frozenset[str]] = set()

    def unknown_series(self, name: str, span: Span | None, reach: Reach | None) -> None:
        """No series file has the name of a target, or that in a ``depends`` line."""
        known = self._series if self._suggests() else ()
        names = near(name, known)
        finding = Diagnostic(
            code="missing-series",
            severity=Severity.ERROR,
            # This is what the old make-hooks says; scripts look for it.
            message=f"Series file for image set '{name}' not found.",
            labels=_labels(span, "no such file in extra/series or base/series"),
            notes=_chain_notes(reach),
            help=_several(name, known) or did_you_mean(names) or _all_known(known),
            fix=_replacement(span, names),
        )
        self.found.append(finding)

    def unfit_hook(self, hook: OrderedHook, state: str) -> None:
        """A hook of the list is missing, is no file, or can't be executed."""
        finding = (
            self._not_executable(hook) if state == NOT_EXECUTABLE else self._missing(hook, state)
        )
        self.found.append(finding)

    def cycle(self, entry: Entry, reach: Reach) -> None:
        """A ``depends`` line names a series in whose reading it stands."""
        if len(self._cycles) >= CYCLES_AT_MOST:
            return  # enough are told, and each costs as much as it is long
        chain = reach.chain
        names = [step.series.name for step in chain]
        first = len(names) - 1 - names[::-1].index(entry.name)
        if frozenset(names[first:]) in self._cycles:
            return
        self._cycles.add(frozenset(names[first:]))
        spans = [step.by for step in chain[first + 1 :] if step.by is not None]
        path = " -> ".join(_shortened((*names[first:], entry.name)))
        finding = Diagnostic(
            code="dependency-cycle",
            severity=self._usually_error,
            message=f"series files depend on each other in a cycle: {path}",
            labels=tuple(Label(span=span) for span in (*spans[: SHOWN_AT_MOST - 1], entry.span)),
            help="remove one of these lines",
        )
        self.found.append(finding)

    def silent_targets(self, silent: Iterable[str], lost: Iterable[str]) -> None:
        """Targets without ``provides`` beside targets that have some."""
        names = ", ".join(f"'{name}'" for name in _shortened(tuple(dict.fromkeys(silent))))
        removed = ", ".join(_shortened(tuple(dict.fromkeys(lost))))
        finding = Diagnostic(
            code="silent-target",
            severity=Severity.WARNING,
            message=f"what target {names} makes will be pruned, as it provides nothing itself"
            " and another target does",
            notes=(f"the pruner will remove {removed}",) if removed else (),
            help=f"name {names} alone to keep everything, or name each target to be kept",
        )
        self.found.append(finding)

    def _not_executable(self, hook: OrderedHook) -> Diagnostic:
        path = f"{self._tree.root}/{hook.name}"
        return Diagnostic(
            code="not-executable",
            severity=Severity.WARNING,
            message=f"hook '{hook.name}' is not executable",
            labels=_labels(hook.span, ""),
            notes=_chain_notes(hook.reach),
            help="chmod +x " + shlex.quote(path),
            fix=Fix(message="make it executable", executable=(path,)),
        )

    def _missing(self, hook: OrderedHook, state: str) -> Diagnostic:
        wrong, why = WRONG_STATES[state]
        names = near(hook.name, self._other_hooks(hook.name) if self._suggests() else ())
        return Diagnostic(
            code="missing-script",
            # No link can hold a NUL, so there is nothing to be lenient about.
            severity=Severity.ERROR if "\0" in hook.name else self._usually_error,
            message=f"hook '{hook.name}' {wrong}",
            labels=_labels(hook.span, why.format(root=self._tree.root)),
            notes=_chain_notes(hook.reach),
            help=_misread(hook) or did_you_mean(names),
            fix=_replacement(hook.span, names),
        )

    @cached_property
    def _series(self) -> tuple[str, ...]:
        return self._tree.series_names()

    @cached_property
    def _hooks(self) -> tuple[str, ...]:
        return self._tree.hook_names()

    def _other_hooks(self, name: str) -> tuple[str, ...]:
        return tuple(other for other in self._hooks if other != name)

    def _suggests(self) -> bool:
        """Whether to look for near names, which is slow, for one more finding."""
        return len(self.found) < SUGGESTED_AT_MOST


def _labels(span: Span | None, text: str) -> tuple[Label, ...]:
    return (Label(span=span, text=text),) if span else ()


def _chain_notes(reach: Reach | None) -> tuple[str, ...]:
    if reach is None:
        return ()
    spans = [step.by for step in reach.chain if step.by is not None]
    steps = [f"{span.place}: depends {span.text}" for span in spans]
    return (f"needed by target '{reach.target}'", *_shortened(steps))


def _replacement(span: Span | None, names: Sequence[str]) -> Fix | None:
    if span is None or len(names) != 1:
        return None
    edit = Edit(span=span, replacement=names[0])
    return Fix(message=f"replace by '{names[0]}'", edits=(edit,), is_safe=False)


def _shortened(items: Sequence[str]) -> tuple[str, ...]:
    if len(items) <= SHOWN_AT_MOST:
        return tuple(items)
    half = SHOWN_AT_MOST // 2
    left_out = f"... {len(items) - 2 * half} more ..."
    return (*items[:half], left_out, *items[-half:])


def _all_known(known: Sequence[str]) -> str | None:
    shown = known if len(known) <= TARGETS_AT_MOST else _shortened(known)
    return f"the targets are {', '.join(shown)}" if known else None


def _several(name: str, known: Sequence[str]) -> str | None:
    names = name.replace(",", " ").split()
    return misread.ONE_NAME if len(names) > 1 and set(names) <= set(known) else None


def _misread(hook: OrderedHook) -> str | None:
    """What is wrong with a hook's line that was not meant to be just a name."""
    if hook.span is None:
        return None
    entry = Entry(kind="hook", name=hook.name, span=hook.span)
    found = misread.look(entry, lambda _kind, _name: False)
    return found.help if found else None
