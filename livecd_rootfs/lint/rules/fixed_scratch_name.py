"""fixed-scratch-name: two hooks of one build make the same directory, and neither cleans up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint import flow
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.model import Kind, Touch

CODE = "fixed-scratch-name"
SEVERITY = Severity.WARNING
WHAT = "a hook makes a directory that another hook of the build has left there"
WHY = """\
A plain `mkdir` fails where the directory is there: each hook works alone, and the second one stops
a build of both."""
INSTEAD = """\
Make scratch directories by `mktemp -d`, and remove them in a `trap ... EXIT`; or remove this one at
the hook's end."""
FIXES = ""
BAD = """\
== extra/series/both
extra/one.binary
extra/two.binary
== extra/one.binary
#!/bin/sh -e
mkdir scratch
      ^^^^^^^
cp -a chroot/etc scratch
== extra/two.binary
#!/bin/sh -e
mkdir scratch
      ^^^^^^^
cp -a chroot/usr scratch
"""
GOOD = """\
== extra/series/both
extra/one.binary
extra/two.binary
== extra/one.binary
#!/bin/sh -e
mkdir scratch
trap 'rm -r scratch' EXIT
cp -a chroot/etc scratch
== extra/two.binary
#!/bin/sh -e
mkdir scratch
cp -a chroot/usr scratch
rm -r scratch
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Follow the hooks in the order in which a build of all targets runs them."""
    left: dict[str, tuple[str, Touch]] = {}
    for ordered in context.whole.hooks:
        hook = ordered.name
        if not flow.is_binary(hook) or hook not in context.hooks:
            continue
        touches = context.effects(hook).touches
        for number, touch in enumerate(touches):
            if touch.kind is not Kind.MKDIR or not touch.certain or touch.name.startswith("/"):
                continue
            if touch.name in left and not _is_removed(touch, touches[:number]):
                yield _finding(hook, touch, *left[touch.name])
            if not _is_removed(touch, touches[number:]):
                left.setdefault(touch.name, (hook, touch))


def _is_removed(made: Touch, touches: Sequence[Touch]) -> bool:
    return any(
        touch.kind is Kind.REMOVE and names.covers(touch.name, made.name) for touch in touches
    )


def _finding(hook: str, touch: Touch, other: str, first: Touch) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"hook '{hook}' makes the directory {touch.name}, which '{other}' leaves behind",
        labels=(
            Label(span=touch.span, text="fails where it is there already"),
            Label(span=first.span, text="made here first, and not removed"),
        ),
        help="use `mktemp -d`, and remove it in a `trap ... EXIT`",
    )
