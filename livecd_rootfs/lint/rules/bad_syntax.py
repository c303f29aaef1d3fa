"""bad-syntax: a hook in Python that can't be compiled."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.source import Span

CODE = "bad-syntax"
SEVERITY = Severity.ERROR
WHAT = "a hook in Python can't be compiled"
WHY = """\
The hook ends before its first line has run, after all that was built before it. Of hooks in shell
the rule shellcheck tells the same."""
INSTEAD = "Mend the line; an editor, or `python3 -m py_compile`, shows the same."
FIXES = ""
BAD = """\
== base/series/notes
base/notes.binary
== base/notes.binary
#!/usr/bin/env python3
print("made)
      ^
"""
GOOD = """\
== base/series/notes
base/notes.binary
== base/notes.binary
#!/usr/bin/env python3
print("made")
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Parse each hook in Python 3."""
    for hook in context.hooks.values():
        if hook.is_file and hook.is_script and hook.interpreter.startswith("python3"):
            fault = _fault(hook)
            if fault is not None:
                yield _finding(hook, fault)


def _fault(hook: Hook) -> SyntaxError | None:
    try:
        ast.parse(hook.text.source.text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return None  # bytes that are no text, or too deep to be judged here
    return None


def _finding(hook: Hook, fault: SyntaxError) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the hook '{hook.name}' can't be compiled",
        labels=(Label(span=_span(hook, fault), text=fault.msg),),
        notes=("as the Python reads it that runs series-lint; a hook may be for a newer one",),
    )


def _span(hook: Hook, fault: SyntaxError) -> Span:
    """Its columns are counted from 1, in characters; some faults have none, or end before."""
    lines = hook.text.source.text.split("\n")
    start = _offset(lines, fault.lineno or 1, fault.offset or 1)
    end = _offset(lines, fault.end_lineno or 0, fault.end_offset or 0)
    line_end = _offset(lines, fault.lineno or 1, sys.maxsize)
    return hook.text.span(start, max(end, min(start + 1, line_end)))


def _offset(lines: list[str], number: int, column: int) -> int:
    before = lines[: max(number - 1, 0)]
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    return sum(len(one) + 1 for one in before) + min(max(column - 1, 0), len(line))
