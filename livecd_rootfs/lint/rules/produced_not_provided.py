"""produced-not-provided: a hook makes an artifact that no series listing it provides."""

from __future__ import annotations

from collections.abc import Iterator

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
    needed = tuple(_needed(context))
    for hook, lines in context.listings.items():
        if not flow.is_binary(hook) or not context.hooks[hook].is_file:
            continue
        series = dict.fromkeys(one.name for one, _ in lines)
        if any(True for name in series for _ in flow.unmade(context, context.series[name])):
            continue  # one name is wrong, and provided-not-produced tells where
        provided = _provided(context, tuple(series))
        for touch in context.effects(hook).produced:
            known = [*provided, *(name for user, name in needed if user != hook)]
            if names.is_artifact(touch.name) and not any(
                names.same(touch.name, name) for name in known
            ):
                yield _finding(hook, touch, tuple(series), context)


def _provided(context: Context, listing: tuple[str, ...]) -> list[str]:
    """What is provided by the series that list a hook, and by those that depend on them."""
    above = {name for name in context.series if context.below(name).intersection(listing)}
    return [entry.name for one, entry in context.entries("provides") if one.name in above]


def _needed(context: Context) -> Iterator[tuple[str, str]]:
    """What hooks use of others' artifacts: that may well be pruned afterwards."""
    for hook in filter(flow.is_binary, context.listings):
        if context.hooks[hook].is_file:
            for touch in flow.read_by(context, [hook]):
                if names.is_artifact(touch.name) and names.tells(touch.name):
                    yield hook, touch.name


def _finding(hook: str, touch: Touch, series: tuple[str, ...], context: Context) -> Diagnostic:
    path = context.series[series[0]].source.path
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"hook '{hook}' makes {touch.name}, which no series that lists it provides",
        labels=(Label(span=touch.span, text=f"made here, by {touch.by}"),),
        notes=("the pruner will delete it",),
        help=f"add `provides {touch.name}` to {path}",
    )
