"""A run of series-lint: from options to what is printed."""

from __future__ import annotations

import argparse
import difflib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.diagnostics.colour import ansi
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import EXIT_FAILURE, UsageError
from livecd_rootfs.lint import configuration, engine, fixes, formats, known, place, selection
from livecd_rootfs.lint.configuration import Configuration
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects.reading import has_parser
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.tree import LintTree

# Heaviest first, as Severity has them.
WEIGHT = {severity: number for number, severity in enumerate(Severity)}
# Fixes may make room for others; more rounds than this would be rules that contradict.
ROUNDS_AT_MOST = 10
NO_PARSER = """\
note: what hooks in shell read and write was not looked at, as tree-sitter is not installed here
"""
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHIPPED = (
    os.path.join(os.path.dirname(PACKAGE), "hooks.d"),
    os.path.join(PACKAGE, "_data", "hooks.d"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A tree to check.

    Attributes:
        root: the ``hooks.d``.
        base: another one over which it is laid, if it is half a one.
        within: the files and folders that matter; all when there are none.
        rules: what is looked for.
        settings: what is set for it.
        recorded: what hooks wrote in a build, by their names.
        cache: where what is found in hooks is kept.
    """

    root: str
    base: str | None
    within: tuple[str, ...]
    rules: tuple[Rule, ...]
    settings: Configuration
    recorded: Mapping[str, tuple[str, ...]]
    cache: Path | None

    def context(self, unsaved: Mapping[str, bytes] | None = None, *, processes: int = 1) -> Context:
        """What its rules look at."""
        tree = LintTree(self.root, base=self.base, unsaved=unsaved)
        return Context(
            tree,
            project=self.settings.project,
            builds=self.settings.builds,
            recorded=self.recorded,
            cache=self.cache,
            processes=processes,
        )

    def findings(self, context: Context) -> tuple[Diagnostic, ...]:
        """What is found in the files that matter."""
        return tuple(one for one in self._all_findings(context) if self._matters(one))

    def known_findings(self, cache: str) -> tuple[Diagnostic, ...]:
        """The same, from an earlier run if nothing has changed since."""
        context = self.context(processes=os.cpu_count() or 1)
        given = (*(rule.CODE for rule in self.rules), repr(self.settings), str(has_parser()))
        found = known.findings(cache, context.tree, given, lambda: self._all_findings(context))
        return tuple(one for one in found if self._matters(one))

    def _all_findings(self, context: Context) -> tuple[Diagnostic, ...]:
        found = engine.run(context, self.rules).findings
        context.remember()
        return found

    def _matters(self, found: Diagnostic) -> bool:
        if not self.within:
            return True
        path = found.labels[0].span.source.path if found.labels else self.root
        return place.is_within(path, self.within)


def run(
    options: argparse.Namespace,
    *,
    colour: bool,
    unsaved: bytes | None = None,
    cache: str | None = None,
) -> Outcome:
    """Check trees, mend them if that is asked for, and tell.

    Args:
        options: the command line.
        colour: whether the findings have colours.
        unsaved: what is to be checked instead of the content of ``--stdin-filename``.
        cache: where findings are kept for runs over the same files; nowhere without it.

    Raises:
        LivecdError: something can't be understood, read or written.
    """
    if unsaved is not None:
        return _check_unsaved(options, unsaved, colour=colour)
    targets = targets_of(options)
    if options.diff and not options.fix:
        raise UsageError("--diff says what --fix would do", remedy="give both")
    if options.unsafe_fixes and not options.fix:
        raise UsageError("--unsafe-fixes says how --fix goes about it", remedy="give both")
    found, fixed, diff = list[Diagnostic](), 0, ""
    for target in targets:
        if options.fix:
            number, shown = _fix(target, unsafe=options.unsafe_fixes, dry=options.diff)
            fixed, diff = fixed + number, diff + shown
        if not options.diff:
            found += _found(target, cache)
    if options.diff:
        return Outcome(status=EXIT_FAILURE if diff else 0, out=diff, err="")
    return _outcome(found, targets, options, fixed=fixed, colour=colour)


def _found(target: Target, cache: str | None) -> tuple[Diagnostic, ...]:
    if cache is None or target.recorded:
        return target.findings(target.context())
    return target.known_findings(cache)


def _check_unsaved(options: argparse.Namespace, unsaved: bytes, *, colour: bool) -> Outcome:
    """Check one file as an editor has it, which may not be on the disk yet."""
    path = options.stdin_filename
    if options.paths or options.fix:
        raise UsageError("--stdin-filename goes with no other paths, and not with --fix")
    target = around(path, options)
    found = target.findings(target.context({path: unsaved}))
    return _outcome(found, (target,), options, fixed=0, colour=colour)


def around(path: str, options: argparse.Namespace) -> Target:
    """The tree in which a file lies, or will lie; only that file matters.

    Raises:
        UsageError: it lies in none, or the tree's settings can't be understood.
    """
    root = place.named(options.tree) if options.tree else place.tree_of(path)
    return _target(root, (path,), options)


def _outcome(
    found: Sequence[Diagnostic],
    targets: Sequence[Target],
    options: argparse.Namespace,
    *,
    fixed: int,
    colour: bool,
) -> Outcome:
    limits = {severity for target in targets for severity in _failing(target, options)}
    summary = _summary(found, fixed) if options.format in ("full", "concise") else ""
    is_for_people = options.format == "full"
    return Outcome(
        status=EXIT_FAILURE if any(one.severity in limits for one in found) else 0,
        out=_told(found, options, colour=colour) + (summary if is_for_people else ""),
        err="" if is_for_people else summary,
    )


def targets_of(options: argparse.Namespace) -> tuple[Target, ...]:
    """The trees that a command line is about.

    Raises:
        UsageError: there is no such tree, or its settings can't be understood.
    """
    if options.tree:
        roots = {place.named(options.tree): tuple(options.paths)}
    elif options.paths:
        roots = {
            root: ()
            if root in paths or any(place.is_within(root, [one]) for one in paths)
            else paths
            for root, paths in place.around(options.paths).items()
        }
    else:
        here = os.getcwd()
        tree = (_settings(here, options)).tree
        roots = {place.named(tree) if tree else place.nearest(here): ()}
    return tuple(_target(root, within, options) for root, within in roots.items())


def _target(root: str, within: tuple[str, ...], options: argparse.Namespace) -> Target:
    settings = _settings(root, options)
    base = options.base or settings.base
    return Target(
        root=root,
        base=place.named(base) if base else _shipped(),
        within=within,
        rules=selection.choose(
            selection.split(options.select) or settings.select,
            (*selection.split(options.ignore), *settings.ignore),
        ),
        settings=settings,
        recorded=_recorded(options.against) if options.against else {},
        cache=Path(options.cache) if options.cache else None,
    )


def _recorded(path: str) -> Mapping[str, tuple[str, ...]]:
    from livecd_rootfs import writes  # noqa: PLC0415 (its parser is slow to load)

    try:
        with open(path, encoding="utf-8") as page:
            return writes.read(page.read(), path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read", why=str(error)) from error


def _settings(folder: str, options: argparse.Namespace) -> Configuration:
    return configuration.read(options.config) if options.config else configuration.find(folder)


def _shipped() -> str | None:
    return next((path for path in SHIPPED if place.is_tree(path)), None)


def _failing(target: Target, options: argparse.Namespace) -> Iterable[Severity]:
    least = Severity(options.fail_on) if options.fail_on else target.settings.fail_on
    return [severity for severity in Severity if WEIGHT[severity] <= WEIGHT[least]]


def _fix(target: Target, *, unsafe: bool, dry: bool) -> tuple[int, str]:
    """Mend a tree until there is nothing more to mend; how much, and the difference."""
    contents: dict[str, bytes] = {}
    executable: dict[str, None] = {}
    fixed = 0
    for _ in range(ROUNDS_AT_MOST):
        context = target.context(contents)
        found = [one for one in target.findings(context) if _is_new(one, executable)]
        planned = fixes.plan(found, context.tree, unsafe=unsafe)
        if not planned.findings:
            break
        contents |= planned.contents
        executable |= dict.fromkeys(planned.executable)
        fixed += len(planned.findings)
    if dry:
        return fixed, _difference(target.context(), contents, executable)
    fixes.write(fixes.Fixed(findings=(), contents=contents, executable=tuple(executable)))
    return fixed, ""


def _is_new(found: Diagnostic, executable: Mapping[str, None]) -> bool:
    """Whether a finding is not one about a run bit that will be set."""
    return not (found.fix and found.fix.executable and set(found.fix.executable) <= set(executable))


def _difference(context: Context, contents: Mapping[str, bytes], executable: Iterable[str]) -> str:
    shown = [f"chmod +x {path}\n" for path in executable]
    for path, data in contents.items():
        before = context.tree.text(path).data
        shown += difflib.unified_diff(_lines(before), _lines(data), fromfile=path, tofile=path)
    return "".join(shown)


def _lines(data: bytes) -> list[str]:
    return [f"{line}\n" for line in data.decode("utf-8", "backslashreplace").splitlines()]


def _told(found: Sequence[Diagnostic], options: argparse.Namespace, *, colour: bool) -> str:
    if options.statistics:
        return _statistics(found)
    return formats.render(options.format, found, ansi if colour else None)


def _statistics(found: Iterable[Diagnostic]) -> str:
    """How often each rule found something, most often first."""
    counts = Counter(one.code for one in found)
    width = len(str(max(counts.values(), default=0)))
    return "".join(f"{count:>{width}}  {code}\n" for code, count in counts.most_common())


def _summary(found: Sequence[Diagnostic], fixed: int) -> str:
    """The last line: what there is, and what can be done."""
    done = [f"{fixed} fixed"] if fixed else []
    counts = Counter(one.severity for one in found)
    told = [_count(counts[severity], severity.value) for severity in Severity if counts[severity]]
    note = "" if has_parser() else NO_PARSER
    return f"{', '.join((*done, *told)) or 'nothing found'}{_hint(found)}\n{note}"


def _hint(found: Iterable[Diagnostic]) -> str:
    """How many of them can be mended."""
    mendable = Counter(one.fix.is_safe for one in found if one.fix)
    safe, every = mendable[True], mendable.total()
    if safe:
        more = f", with --unsafe-fixes {every}" if every > safe else ""
        return f"; --fix mends {safe} of them{more}"
    return f"; --fix --unsafe-fixes mends {every} of them" if every else ""


def _count(number: int, name: str) -> str:
    return f"{number} {name}" + ("s" if number > 1 and name != Severity.INFO.value else "")
