"""untrue-header: a hook writes what its header does not say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.header import LINES
from livecd_rootfs.lint import flow
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.source import Span

CODE = "untrue-header"
SEVERITY = Severity.WARNING
WHAT = "a hook writes what its header does not say"
WHY = """\
Who has declared `writes=` is believed: what is not named there counts as not made, by people and by
other rules."""
INSTEAD = """\
Add the name to `writes=`; `*` stands for any part of one. With `--against REPORT` the headers are
compared with what each hook wrote in a build, too."""
FIXES = ""
BAD = """\
== extra/series/notes
extra/notes.binary
provides ${PREFIX}.notes
== extra/notes.binary
#!/bin/sh -e
# hook: reads=chroot writes=livecd.*.note
                     ^^^^^^^^^^^^^^^^^^^^
ls chroot >"$PREFIX.notes"
"""
GOOD = """\
== extra/series/notes
extra/notes.binary
provides ${PREFIX}.notes
== extra/notes.binary
#!/bin/sh -e
# hook: reads=chroot writes=livecd.*.notes
ls chroot >"$PREFIX.notes"
"""
KEY = "writes="


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what headers say with what hooks' texts say for certain, and a build recorded."""
    for name, hook in context.hooks.items():
        declared = hook.header.header.writes if hook.is_file else None
        if declared is None or not flow.is_binary(name):
            continue
        for wrote in _untold((t.name for t in context.effects(name).produced), declared):
            yield _finding(hook, wrote, "its text writes it in every run")
        recorded = context.recorded.get(name)
        if recorded is not None:
            meant = {name: names.in_a_build(name) for name in declared}
            for wrote in _untold(recorded, meant.values()):
                yield _finding(hook, wrote, "a build recorded it")
            for word, pattern in meant.items():
                if not any(names.covers(pattern, wrote) for wrote in recorded):
                    yield _vain(hook, word)


def _untold(found: Iterable[str], told: Iterable[str]) -> Iterator[str]:
    """Those names of the first that none of the second can mean; what is outside is no matter."""
    words = tuple(told)
    for name in dict.fromkeys(found):
        is_inside = not name.startswith(("/", "${HOOK", ".."))
        if is_inside and not any(names.covers(word, name) for word in words):
            yield name


def _word(hook: Hook) -> Span:
    """The last ``writes=`` word of the header."""
    text = hook.text.source.text
    start = max(text.rfind(KEY, 0, _end_of_header(text)), 0)
    end = min(end for end in (text.find(" ", start), text.find("\n", start), len(text)) if end > 0)
    return hook.text.span(start, end)


def _end_of_header(text: str) -> int:
    lines = text.split("\n")[:LINES]
    return sum(len(line) + 1 for line in lines)


def _finding(hook: Hook, name: str, why: str) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"hook '{hook.name}' writes {name}, which its header does not say",
        labels=(Label(span=_word(hook), text=why),),
        help=f"add {name} to writes=",
    )


def _vain(hook: Hook, name: str) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=Severity.INFO,
        message=f"hook '{hook.name}' declares that it writes {name}, and wrote none in a build",
        labels=(Label(span=_word(hook), text="nothing of that name was recorded"),),
    )
