"""What can be wrong with targets and series files: one function for each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livecd_rootfs.source import Span

    # A target and the names in the `depends` lines that lead from it to a series file.
    Chain = tuple[str, tuple[Span, ...]]

# How much of a long chain, circle or list is written out.
SHOWN_AT_MOST = 8
KEYWORDS = ("depends", "provides")
BYTE_ORDER_MARK = "\ufeff"

WRONG_STATES = {
    "missing": "does not exist",
    "not a file": "is not a file",
    "not executable": "is not executable",
}


def unknown_series(
    name: str, *, span: Span | None, chain: Chain, known: Sequence[str]
) -> Diagnostic:
    """No series file has the name of a target, or that in a ``depends`` line."""
    names = near(name, known)
    # The first line is what the old make-hooks says; scripts look for it.
    return Diagnostic(
        code="unknown-series",
        severity=Severity.ERROR,
        message=f"Series file for image set '{name}' not found.",
        labels=_labels(span, "no such file in extra/series or base/series"),
        notes=_chain_notes(chain),
        help=did_you_mean(names) or _one_name(name) or _all_known(known),
        fix=_replacement(span, names),
    )


def unfit_hook(
    name: str,
    state: str,
    *,
    span: Span | None,
    chain: Chain,
    known: Sequence[str],
    root: str,
    lenient: bool,
) -> Diagnostic:
    """A hook of the list is missing, is no file, or can't be executed."""
    if state == "not executable":
        return Diagnostic(
            code="hook-not-executable",
            severity=Severity.WARNING,
            message=f"hook '{name}' is not executable",
            labels=_labels(span, ""),
            notes=_chain_notes(chain),
            help=f"chmod +x {root}/{name}",
        )
    names = near(name, known) if state == "missing" else ()
    return Diagnostic(
        code="missing-hook",
        severity=Severity.WARNING if lenient else Severity.ERROR,
        message=f"hook '{name}' {WRONG_STATES[state]}",
        labels=_labels(span, f"no file of this name in {root}"),
        notes=_chain_notes(chain),
        help=_misread(name) or did_you_mean(names) or _one_name(name),
        fix=_replacement(span, names),
    )


def circle(names: Sequence[str], spans: Sequence[Span], *, lenient: bool) -> Diagnostic:
    """Series files that depend on each other.

    Args:
        names: the series along the circle; the last is the first again.
        spans: the name in the ``depends`` line of each step.
        lenient: whether this is only to be warned of.
    """
    path = " -> ".join(_shortened([f"'{name}'" for name in names]))
    return Diagnostic(
        code="circle",
        severity=Severity.WARNING if lenient else Severity.ERROR,
        message=f"series files depend on each other in a circle: {path}",
        labels=tuple(Label(span=span) for span in (*spans[: SHOWN_AT_MOST - 1], spans[-1])),
        help="remove one of these lines",
    )


def silent_targets(silent: Sequence[str], lost: Sequence[str]) -> Diagnostic:
    """Targets without ``provides`` beside targets that have some."""
    names = ", ".join(f"'{name}'" for name in _shortened(silent))
    removed = ", ".join(_shortened(lost))
    return Diagnostic(
        code="silent-target",
        severity=Severity.WARNING,
        message=f"what target {names} makes will be pruned, as it provides nothing itself"
        " and another target does",
        notes=(f"the pruner will remove {removed}",) if lost else (),
        help=f"name {names} alone to keep everything, or name each target to be kept",
    )


def _labels(span: Span | None, text: str) -> tuple[Label, ...]:
    return (Label(span=span, text=text),) if span else ()


def _chain_notes(chain: Chain) -> tuple[str, ...]:
    target, spans = chain
    steps = [f"{span.place}: depends {span.text}" for span in spans]
    return (f"needed by target '{target}'", *_shortened(steps)) if target else ()


def _replacement(span: Span | None, names: Sequence[str]) -> Fix | None:
    if span is None or len(names) != 1:
        return None
    edit = Edit(span=span, replacement=names[0])
    return Fix(message=f"replace by '{names[0]}'", edits=(edit,))


def _shortened(items: Sequence[str]) -> tuple[str, ...]:
    if len(items) <= SHOWN_AT_MOST:
        return tuple(items)
    half = SHOWN_AT_MOST // 2
    left_out = f"... {len(items) - 2 * half} more ..."
    return (*items[:half], left_out, *items[-half:])


def _all_known(known: Sequence[str]) -> str | None:
    return f"there are {', '.join(_shortened(known))}" if known else None


def _misread(name: str) -> str | None:
    """What is wrong with a hook's line when it was not meant to be one."""
    if name.startswith(BYTE_ORDER_MARK):
        return "the file begins with a byte order mark: save it without"
    word = name.split(None, 1)[0]
    keywords = [keyword for keyword in near(word.lower(), KEYWORDS) if keyword != word]
    if keywords and (" " in name or "\t" in name):
        return f"did you mean the keyword '{keywords[0]}'?"
    return None


def _one_name(name: str) -> str | None:
    if len(name.split()) < 2:  # noqa: PLR2004 (two words)
        return None
    if " #" in name:
        return "a comment takes a line of its own; here it is read as part of the name"
    return "the rest of a line is one name: write one line for each"
