"""bad-header: a ``# hook:`` line that can't be understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.lint.context import Context

CODE = "bad-header"
SEVERITY = Severity.ERROR
WHAT = "a `# hook:` line of a hook can't be understood"
WHY = """\
A hook declares there what it reads, writes and needs. A word that nobody understands would be
heeded by nobody; a build refuses it."""
INSTEAD = """\
The keys are env, inputs, network, tools, reads, writes, aside and joins; several values have
commas."""
FIXES = "Writes the near key, when there is exactly one."
BAD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
#!/bin/sh
# hook: envs=PREFIX network=maybe
        ^^^^                ^^^^^
"""
GOOD = """\
== base/series/squashfs
base/squashfs.binary
== base/squashfs.binary
#!/bin/sh
# hook: env=PREFIX network=no
"""


def check(context: Context) -> Iterator[Diagnostic]:
    """Take what the reader of headers has found."""
    for hook in context.used_hooks:
        yield from (replace(found, code=CODE) for found in hook.header.diagnostics)
