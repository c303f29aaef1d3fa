"""produced-not-provided: a hook makes an artifact that no series listing it provides."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint import flow
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Touch

CODE = "produced-not-provided"
SEVERITY = Severity.WARNING
WHAT = "a hook makes an artifact that no series listing it provides"
WHY = """\
The pruner deletes every artifact that no named target provides, so the file is made, costs its
time, and is gone when the publisher comes for it."""
INSTEAD = """\
Add a `provides` line to the series file that lists the hook; or remove the file in the hook, if it
is only needed on the way."""
FIXES = ""
BAD = """\
== extra/series/vhd
extra/vhd.binary
provides ${PREFIX}.vhd
== extra/vhd.binary
#!/bin/sh -e
. config/functions
qemu-img convert -O vpc binary/boot/disk.ext4 "$PREFIX.vhd"
create_manifest chroot "$PREFIX.vhd.manifest"
                       ^^^^^^^^^^^^^^^^^^^^^^
"""
GOOD = """\
== extra/series/vhd
extra/vhd.binary
provides ${PREFIX}.vhd
provides ${PREFIX}.vhd.manifest
provides ${PREFIX}.vhd.filelist
== extra/vhd.binary
#!/bin/sh -e
. config/functions
qemu-img convert -O vpc binary/boot/disk.ext4 "$PREFIX.vhd"
create_manifest chroot "$PREFIX.vhd.manifest"
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what each hook leaves behind with what the series that reach it provide."""
    if not context.is_understood:
        return
    provided = _provided(context)
    hooks = _hooks(context)
    read = {hook: names.Names(context.flow.artifacts_read(hook)) for hook in hooks}
    for hook in hooks:
        listing = tuple(dict.fromkeys(one.name for one, _ in context.listings[hook]))
        made = [t for t in context.effects(hook).produced if names.is_artifact(t.name)]
        open_ones = [touch for touch in made if not provided(listing).has(touch.name)]
        if not open_ones or _is_misspelt(context, listing):
            continue
        for touch in open_ones:
            if not any(read[user].has(touch.name) for user in hooks if user != hook):
                yield _finding(hook, touch, listing[0], context)


def _hooks(context: Context) -> list[str]:
    return [
        hook for hook in context.listings if flow.is_binary(hook) and context.hooks[hook].is_file
    ]


def _above(context: Context) -> Mapping[str, set[str]]:
    """For each series itself and all that depend on it."""
    found: dict[str, set[str]] = {name: set() for name in context.series}
    for name in context.series:
        for below in context.below(name) & found.keys():
            found[below].add(name)
    return found


def _provided(context: Context) -> Callable[[tuple[str, ...]], names.Names]:
    """What some series provide, and those that depend on them; found once for each group."""
    above = _above(context)
    own = dict[str, list[str]]()
    for series, entry in context.entries("provides"):
        own.setdefault(series.name, []).append(entry.name)

    @functools.cache
    def provided(listing: tuple[str, ...]) -> names.Names:
        series = frozenset[str]().union(*(above[one] for one in listing))
        return names.Names(name for one in series for name in own.get(one, ()))

    return provided


def _is_misspelt(context: Context, series: Iterable[str]) -> bool:
    """Whether a name that they provide is never made: then it is that one which is wrong."""
    return any(True for name in series for _ in context.flow.unmade(context.series[name]))


def _finding(hook: str, touch: Touch, series: str, context: Context) -> Diagnostic:
    path = context.series[series].source.path
    labels = [Label(span=touch.span, text=f"made here, by {touch.by}")]
    if touch.span.source.path != context.hooks[hook].path:
        # What makes it is a function that the hook calls, maybe outside of the tree.
        labels.insert(0, Label(span=context.listings[hook][0][1].span, text="makes it"))
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"hook '{hook}' makes {touch.name}, which no series that lists it provides",
        labels=tuple(labels),
        notes=("the pruner will delete it",),
        help=f"add `provides {touch.name}` to {path}",
    )
