"""missing-shebang: a hook does not say what runs it."""

from __future__ import annotations

from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.misread import BYTE_ORDER_MARK

CODE = "missing-shebang"
SEVERITY = Severity.ERROR
WHAT = "a hook does not begin with the line that names its interpreter"
WHY = """\
The kernel can't run it. Depending on who calls it, it is run by another shell than it was written
for, or the build ends with status 127 and `not found`, about a file that is there."""
INSTEAD = "Begin the file with `#!/bin/sh`, or what else it is written for, and Unix line ends."
FIXES = "Removes white space above or before a shebang."
BAD = """\
== base/series/squashfs
base/prepare.binary
base/squashfs.binary
== base/prepare.binary
 #!/bin/sh
^^^^^^^^^^
== base/squashfs.binary
set -eu
^^^^^^^
"""
GOOD = """\
== base/series/squashfs
base/prepare.binary
base/squashfs.binary
== base/prepare.binary
#!/bin/sh
== base/squashfs.binary
#!/bin/sh
set -eu
"""
# How a file begins that the kernel loads as it is.
MACHINE_CODE = b"\x7fELF"


def check(context: Context) -> Iterator[Diagnostic]:
    """Look at the first line of the hooks that are run."""
    for hook in context.used_hooks:
        data = hook.text.data
        if data.startswith(b"#!"):
            yield from _named(hook)
        elif not data.startswith((MACHINE_CODE, BYTE_ORDER_MARK.encode())):
            yield _finding(hook, "the kernel looks for '#!' here", fix=_above(hook))


def _named(hook: Hook) -> Iterator[Diagnostic]:
    """What is wrong with a shebang that is there."""
    line = hook.text.data.split(b"\n", 1)[0]
    if not line[2:].strip():
        yield _finding(hook, "no interpreter is named")
    elif line.endswith(b"\r"):
        name = line[2:].split()[-1].decode("utf-8", "backslashreplace")
        yield _finding(
            hook,
            f"a carriage return ends the line, so the kernel looks for '{name}\\r'",
            remedy="save the file with Unix line ends",
        )


def _above(hook: Hook) -> Fix | None:
    text = hook.text.source.text
    start = len(text) - len(text.lstrip())
    if not text.startswith("#!", start):
        return None
    edit = Edit(span=hook.text.span(0, start), replacement="")
    return Fix(message="remove what stands above the shebang", edits=(edit,))


def _finding(
    hook: Hook, why: str, *, remedy: str | None = None, fix: Fix | None = None
) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the hook '{hook.name}' names no interpreter",
        labels=(Label(span=hook.text.first_line, text=why),),
        help=remedy or "begin it with #!/bin/sh, or what else it is written for",
        fix=fix,
    )
