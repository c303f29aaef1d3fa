"""lost-branch: a side branch that nobody joins, or a join with a branch on which there is nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity, near
from livecd_rootfs.diagnostics.near import did_you_mean
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.source import Span

CODE = "lost-branch"
SEVERITY = Severity.WARNING
WHAT = "a side branch that nobody joins, or a join with a branch on which no hook is"
WHY = """\
What a hook makes on a side branch is seen by those alone that join it. If none does, it was made
for nothing; and a hook that joins a branch which is not there goes on as if nothing had been made.
No build fails of either."""
INSTEAD = """\
Give `aside=NAME` and `joins=NAME/PATH` the same name, and have one series list both hooks, or
depend on the series that does."""
FIXES = ""
BAD = """\
== base/series/program
base/compile.binary
base/install.binary
== base/compile.binary
#!/bin/sh
# hook: aside=build
        ^^^^^^^^^^^
make install DESTDIR="$PWD/dest"
== base/install.binary
#!/bin/sh
# hook: joins=buidl/dest
              ^^^^^^^^^^
cp -a "$LIVECD_BRANCHES/buidl/dest/." chroot
"""
GOOD = """\
== base/series/program
base/compile.binary
base/install.binary
== base/compile.binary
#!/bin/sh
# hook: aside=build
make install DESTDIR="$PWD/dest"
== base/install.binary
#!/bin/sh
# hook: joins=build/dest
cp -a "$LIVECD_BRANCHES/build/dest/." chroot
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Hold the branches of hooks against the joins of those that run in one build with them."""
    aside = {hook.name: hook for hook in context.used_hooks if hook.header.header.aside}
    joining = {hook.name: hook for hook in context.used_hooks if hook.header.header.joins}
    if aside or joining:
        beside = _beside(context, (*aside, *joining))
        for name, hook in aside.items():
            yield from _unjoined(hook, [joining[one] for one in beside[name] if one in joining])
        for name, hook in joining.items():
            yield from _without_branch(hook, [aside[one] for one in beside[name] if one in aside])


def _beside(context: Context, hooks: Collection[str]) -> Mapping[str, set[str]]:
    """For each hook those others of them that run in some build of a single target with it."""
    found: dict[str, set[str]] = {name: set() for name in hooks}
    for target in context.series:
        together = set(context.flow.listed(context.below(target))).intersection(hooks)
        for name in together:
            found[name] |= together
    return found


def _unjoined(hook: Hook, joining: Collection[Hook]) -> Iterator[Diagnostic]:
    branch = hook.header.header.aside
    joined = {_branch(word) for one in joining for word in one.header.header.joins}
    if branch not in joined:
        yield Diagnostic(
            code=CODE,
            severity=SEVERITY,
            message=f"nobody joins the side branch '{branch}', on which '{hook.name}' is",
            labels=(Label(span=_span(hook, f"aside={branch}"), text="made for nothing"),),
            help=did_you_mean(near(branch, joined))
            or f"have a hook of the same target join it: `# hook: joins={branch}/PATH`",
        )


def _without_branch(hook: Hook, aside: Collection[Hook]) -> Iterator[Diagnostic]:
    branches = {one.header.header.aside for one in aside}
    for word in hook.header.header.joins:
        if _branch(word) not in branches:
            yield Diagnostic(
                code=CODE,
                severity=SEVERITY,
                message=f"no hook is on the side branch '{_branch(word)}', which '{hook.name}' joins",
                labels=(Label(span=_span(hook, word), text="finds nothing"),),
                help=did_you_mean(near(_branch(word), branches))
                or f"have a hook of the same target make it: `# hook: aside={_branch(word)}`",
            )


def _branch(word: str) -> str:
    return word.partition("/")[0]


def _span(hook: Hook, text: str) -> Span:
    source = hook.text.source
    start = max(0, source.text.find(text))
    return hook.text.span(start, start + len(text))
