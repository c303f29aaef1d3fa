"""From a tree to its findings: rules are run, waivers heeded, all is put in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.lint import waivers
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import BY_CODE, RULES, unneeded_waiver
from livecd_rootfs.lint.waivers import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run found.

    Attributes:
        findings: in the order of files, lines and columns.
        waived: those that a waiver allows.
    """

    findings: tuple[Diagnostic, ...]
    waived: tuple[Diagnostic, ...]


def run(context: Context, rules: Sequence[Rule] = RULES) -> Result:
    """Look for what the rules know.

    Raises:
        LivecdError: a file can't be read.
    """
    found = [one for rule in rules for one in _check(rule, context)]
    used: set[Waiver] = set()
    findings, waived = list[Diagnostic](), list[Diagnostic]()
    allowed = _allowed(context)
    for one in found:
        covering = [waiver for waiver in allowed.get(_path(one), ()) if _covers(waiver, one)]
        used.update(covering)
        (waived if covering else findings).append(one)
    codes = {rule.CODE for rule in rules}
    if unneeded_waiver.CODE in codes:
        # Where something is broken, rules hold back what may be its consequence only.
        judged = set() if any(one.severity is Severity.ERROR for one in findings) else codes
        findings += _unneeded(allowed.values(), used, judged)
    return Result(findings=_sorted(findings), waived=_sorted(waived))


def _check(rule: Rule, context: Context) -> Iterator[Diagnostic]:
    for found in rule.check(context):
        if context.tree.is_own(_path(found)):
            yield found


def _allowed(context: Context) -> dict[str, tuple[Waiver, ...]]:
    """The waivers of all series files and hooks, by path."""
    texts = [context.tree.text(series.source.path) for series in context.own_series]
    texts += [hook.text for hook in context.hooks.values() if hook.is_file]
    read = ((text.path, waivers.read(text)) for text in texts)
    return {path: found for path, found in read if found}


def _covers(waiver: Waiver, found: Diagnostic) -> bool:
    return bool(found.labels) and waiver.covers(found.code, found.labels[0].span)


def _unneeded(
    allowed: Iterable[Iterable[Waiver]], used: Collection[Waiver], codes: Collection[str]
) -> Iterator[Diagnostic]:
    for waiver in (one for several in allowed for one in several):
        if waiver.code not in BY_CODE:
            yield _unknown(waiver)
        elif waiver.code in codes and waiver not in used:
            fix = Fix(message="remove it", edits=(waivers.removal(waiver),))
            yield unneeded_waiver.finding(waiver.span, f"there is no {waiver.code} here", fix=fix)


def _unknown(waiver: Waiver) -> Diagnostic:
    names = near(waiver.code, BY_CODE)
    fix = None
    if len(names) == 1:
        edit = Edit(span=waiver.span, replacement=names[0])
        fix = Fix(message=f"replace by '{names[0]}'", edits=(edit,), is_safe=False)
    return unneeded_waiver.finding(
        waiver.span, "no rule has this name", remedy=did_you_mean(names), fix=fix
    )


def _path(found: Diagnostic) -> str:
    return found.labels[0].span.source.path if found.labels else ""


def _sorted(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(found, key=_order))


def _order(found: Diagnostic) -> tuple[str, int, str]:
    start = found.labels[0].span.start if found.labels else 0
    return _path(found), start, found.code
