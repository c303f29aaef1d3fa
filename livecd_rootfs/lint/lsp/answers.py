"""What an editor asks about a place in a tree: pure, from a context to places and texts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Kind
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.series import Entry, Series
from livecd_rootfs.source import Source, Span

KEYWORDS = ("depends", "provides")
# How much of a long list is shown.
SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A word that fits: what it is, and what kind of thing that is."""

    text: str
    kind: str


def series_at(context: Context, path: str) -> Series | None:
    """The series file of a path."""
    return next((one for one in context.series.values() if _same(one.source.path, path)), None)


def entry_at(series: Series, line: int) -> Entry | None:
    """What a line of a series file says, counted from 1."""
    return next((one for one in series.entries if one.span.position.line == line), None)


def definitions(context: Context, path: str, line: int) -> tuple[Span, ...]:
    """Where that is made which a line of a series file names.

    Args:
        context: the tree.
        path: the series file.
        line: the line, counted from 1.
    """
    series = series_at(context, path)
    entry = entry_at(series, line) if series else None
    if series is None or entry is None:
        return ()
    if entry.kind == "depends":
        other = context.series.get(entry.name)
        return (_top(other.source),) if other else ()
    if entry.kind == "hook":
        hook = context.hooks[entry.name]
        return (_top(hook.text.source),) if hook.is_file else ()
    return tuple(_makers(context, series, entry))


def _makers(context: Context, series: Series, entry: Entry) -> Iterator[Span]:
    hooks = context.flow.listed(sorted(context.below(series.name)))
    for hook in hooks:
        for touch in context.effects(hook).of(Kind.WRITE):
            if names.tells(touch.name) and names.same(touch.name, entry.name):
                yield touch.span


def _top(source: Source) -> Span:
    return Span(source=source, start=0, end=0)


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def completions(context: Context, path: str, before: str) -> tuple[Suggestion, ...]:
    """The words that fit at a place in a series file.

    Args:
        context: the tree.
        path: the series file.
        before: what its line holds up to there.
    """
    keyword = before.split(None, 1)[0] if before.strip() else ""
    if keyword in KEYWORDS and before.lstrip() != keyword:
        return tuple(_names(context, path, keyword))
    return tuple(_first_words(context))


def _names(context: Context, path: str, keyword: str) -> Iterator[Suggestion]:
    series = series_at(context, path)
    if keyword == "depends":
        own = series.name if series else os.path.basename(path)
        for name in context.series:
            if name != own and own not in context.below(name):
                yield Suggestion(text=name, kind="series")
    elif series is not None:
        there = {entry.name for entry in series.entries if entry.kind == "provides"}
        for hook in context.flow.listed([series.name]):
            for touch in context.effects(hook).produced:
                name = names.normal(touch.name)
                if names.is_artifact(name) and name not in there:
                    yield Suggestion(text=name, kind="artifact")


def _first_words(context: Context) -> Iterator[Suggestion]:
    for keyword in KEYWORDS:
        yield Suggestion(text=f"{keyword} ", kind="keyword")
    for name, hook in context.hooks.items():
        if hook.is_file and not name.startswith("chroot/"):
            yield Suggestion(text=name, kind="hook")


def hover(context: Context, path: str, line: int) -> str:
    """What there is to know, in Markdown; empty for nothing.

    Args:
        context: the tree.
        path: a series file, or a hook.
        line: the line, counted from 1.
    """
    series = series_at(context, path)
    if series is None:
        hook = next((one for one in context.hooks.values() if _same(one.path, path)), None)
        return _of_hook(context, hook) if hook and line == 1 else ""
    entry = entry_at(series, line)
    if entry is None:
        return ""
    if entry.kind == "depends":
        return _of_series(context, entry.name) if entry.name in context.series else ""
    if entry.kind == "hook":
        return _of_hook(context, context.hooks[entry.name])
    makers = {os.path.basename(span.source.path) for span in _makers(context, series, entry)}
    made = f", made by {', '.join(sorted(makers))}" if makers else ""
    return f"`{context.artifact(entry.name)}`{made}"


def _of_series(context: Context, name: str) -> str:
    """The order in which a build of it runs hooks, and what it then keeps."""
    found = context.resolution(name)
    lines = [f"**{name}** runs, in this order:", ""]
    lines += [f"{n}. `{hook.name}`" for n, hook in enumerate(found.hooks[:SHOWN], start=1)]
    lines += [f"... {len(found.hooks) - SHOWN} more"] if len(found.hooks) > SHOWN else []
    kept = [each.artifact for each in found.provides if each.explicit]
    if kept:
        lines += ["", "and keeps:", "", *(f"- `{artifact}`" for artifact in kept)]
    return "\n".join(lines)


def _of_hook(context: Context, hook: Hook) -> str:
    lines = [f"**{hook.name}**"]
    users = dict.fromkeys(one.name for one, _ in context.listings.get(hook.name, ()))
    lines += ["", f"listed by {', '.join(users)}"] if users else []
    if hook.is_file:
        found = context.effects(hook.name)
        for word, kinds in (("reads", (Kind.READ,)), ("writes", (Kind.WRITE, Kind.MKDIR))):
            known = dict.fromkeys(t.name for t in found.of(*kinds) if _is_telling(t.name))
            lines += ["", f"{word} " + ", ".join(f"`{name}`" for name in known)] if known else []
    return "\n".join(lines)


def _is_telling(name: str) -> bool:
    return names.tells(name) and not name.startswith(("/", "${HOOK"))
