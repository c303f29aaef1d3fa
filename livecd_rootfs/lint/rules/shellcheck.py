"""shellcheck: what the program shellcheck finds in hooks, at warning and above."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.source import Span

CODE = "shellcheck"
SEVERITY = Severity.WARNING
WHAT = "shellcheck warns of something in a hook"
WHY = """\
Shell runs on where other languages stop: hooks were shipped with a missing `|`, and with `exti`."""
INSTEAD = """\
See shellcheck's own page of the number in the message. Where it is wrong: `# shellcheck
disable=SC2086`, in the line before. Without the program this rule finds nothing."""
FIXES = ""
BAD = """\
== extra/series/clean
extra/clean.binary
== extra/clean.binary
#!/bin/sh
cd scratch
^^^^^^^^^^
rm -rf ./*
"""
GOOD = """\
== extra/series/clean
extra/clean.binary
== extra/clean.binary
#!/bin/sh
cd scratch || exit
rm -rf ./*
"""
PROGRAM = "shellcheck"
_SHELLS = ("sh", "bash", "dash", "ksh")
# These need the files that a hook sources, which only a build makes: whether a variable is set
# or used there (SC2034, SC2154), and where they are (SC1090, SC1091).
_NOT_OURS = ("SC1090", "SC1091", "SC2034", "SC2154")
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}
# How many files one run of the program gets.
_AT_ONCE = 64
# It found nothing, or something.
_UNDERSTOOD = (0, 1)
# A hundred times what it takes for as many long scripts.
SECONDS = 120
_Finding = Mapping[str, object]


def check(context: Context) -> Iterator[Diagnostic]:
    """Run the program over all shell hooks."""
    program = shutil.which(PROGRAM)
    hooks = [hook for hook in context.hooks.values() if _is_shell(hook)]
    if program is None:
        return
    for start in range(0, len(hooks), _AT_ONCE):
        batch = {hook.path: hook for hook in hooks[start : start + _AT_ONCE]}
        for found in _findings(program, tuple(batch)):
            yield _diagnostic(batch[str(found["file"])], found)


def _is_shell(hook: Hook) -> bool:
    return hook.is_file and hook.is_script and hook.interpreter in _SHELLS


def _findings(program: str, paths: Sequence[str]) -> list[_Finding]:
    """What it finds in these files.

    Raises:
        LivecdError: it does not run.
    """
    import subprocess  # noqa: PLC0415 (slow to load, and not for all runs)

    from livecd_rootfs import process  # noqa: PLC0415 (likewise)

    options = ["--format=json", "--severity=warning", f"--exclude={','.join(_NOT_OURS)}"]
    try:
        done = process.run([program, *options, "--", *paths], check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise LivecdError(
            f"{PROGRAM} has not ended after {SECONDS} seconds",
            place=paths[0] if len(paths) == 1 else None,
            remedy=f"see what it does with one hook after the other; or --ignore {CODE}",
        ) from error
    if done.status not in _UNDERSTOOD:
        raise process.CommandError(done)
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        raise LivecdError(f"{program} gave no JSON", why=str(error)) from error
    return list(found)


def _diagnostic(hook: Hook, found: _Finding) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=_SEVERITIES.get(str(found["level"]), SEVERITY),
        message=f"SC{found['code']}: {found['message']}",
        labels=(Label(span=_span(hook, found)),),
        help=f"see https://www.shellcheck.net/wiki/SC{found['code']}",
    )


def _span(hook: Hook, found: _Finding) -> Span:
    source = hook.text.source
    start, end = (
        _offset(source.text, int(str(found[line])), int(str(found[column])))
        for line, column in (("line", "column"), ("endLine", "endColumn"))
    )
    return Span(source=source, start=start, end=max(start, end))


def _offset(text: str, line: int, column: int) -> int:
    """Its columns are counted from 1; a tab takes it to the next multiple of 8."""
    lines = text.split("\n")
    before = sum(len(each) + 1 for each in lines[: line - 1])
    width = 1
    for number, character in enumerate(lines[line - 1] if line <= len(lines) else ""):
        if width >= column:
            return before + number
        width += 8 - (width - 1) % 8 if character == "\t" else 1
    return before + (len(lines[line - 1]) if line <= len(lines) else 0)
