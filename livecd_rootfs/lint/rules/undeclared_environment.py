"""undeclared-environment: a hook reads a variable that its builder does not pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.header import ALWAYS
from livecd_rootfs.hooktree import CHROOT_SUFFIXES
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects.model import Effects, Use
from livecd_rootfs.lint.hook import Hook

CODE = "undeclared-environment"
SEVERITY = Severity.WARNING
WHAT = "a hook reads a variable that its builder does not pass"
WHY = """\
Started by hand, with the variable set, the hook works; in the build it is empty. `lb build` does not
see SUITE, NOW, IMAGEFORMAT and the like, which only `lb config` gets; and a hook that declares its
variables gets no other ones."""
INSTEAD = """\
Source config/binary (in a chroot hook /root/config/chroot), where these stand; name the variable in
the header: `# hook: env=NAME`; or say what to do without it: `${NAME:-}`."""
FIXES = ""
BAD = """\
== extra/series/notes
extra/notes.binary
extra/size.binary
== extra/notes.binary
#!/bin/sh -e
echo "built for $SUITE" >"$PREFIX.notes"
                ^^^^^^
== extra/size.binary
#!/bin/sh -e
# hook: env=PREFIX network=no
echo "${IMAGE_SIZE:-3G}" >"$PREFIX.size"
      ^^^^^^^^^^^^^^^^^
"""
GOOD = """\
== extra/series/notes
extra/notes.binary
extra/size.binary
== extra/notes.binary
#!/bin/sh -e
. config/binary
echo "built for $SUITE" >"$PREFIX.notes"
== extra/size.binary
#!/bin/sh -e
# hook: env=PREFIX,IMAGE_SIZE network=no
echo "${IMAGE_SIZE:-3G}" >"$PREFIX.size"
"""
# What `lb config` sees and `lb build` does not.
_OF_CONFIG = frozenset(
    {"SUITE", "NOW", "IMAGEFORMAT", "PROPOSED", "EXTRA_PPAS", "CHANNEL", "COHORT_KEY"}
    | {"BUILDSTAMP", "SNAPSHOT_SERVICE_TIMESTAMP"}
)
# What is set around a chroot hook, but not inside.
_OUTSIDE = _OF_CONFIG | {"PROJECT", "SUBPROJECT", "ARCH", "SUBARCH", "IMAGE_TARGETS", "PREFIX"}
_OF_ENVIRONMENTS = re.compile("[A-Z][A-Z0-9_]*")


def check(context: Context) -> Iterator[Diagnostic]:
    """Compare what hooks read with what they declare, or else with what live-build passes."""
    for hook in context.hooks.values():
        if not hook.is_file or not hook.is_script:
            continue
        found = context.effects(hook.name)
        for use in found.uses if not found.has_config else ():
            why = _fault(hook, use, found)
            if why:
                yield _finding(hook, use, why)


def _fault(hook: Hook, use: Use, found: Effects) -> str:
    declared = hook.header.header.env
    if use.name in ALWAYS or not _OF_ENVIRONMENTS.fullmatch(use.name) or not found.is_parsed:
        return ""
    if declared is not None:
        return "" if use.name in declared else "its header declares others, and not this one"
    if use.guarded:
        return ""
    if hook.name.endswith(CHROOT_SUFFIXES):
        return "a hook in the target root does not get it" if use.name in _OUTSIDE else ""
    return "`lb build` does not pass it" if use.name in _OF_CONFIG else ""


def _finding(hook: Hook, use: Use, why: str) -> Diagnostic:
    inside = hook.name.endswith(CHROOT_SUFFIXES)
    file = "/root/config/chroot" if inside else "config/binary"
    remedy = f"source {file} before, or say what to do without it: ${{{use.name}:-}}"
    if hook.header.header.env is not None:
        remedy = f"add {use.name} to env= in its header"
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"hook '{hook.name}' reads {use.name}, which its builder does not pass",
        labels=(Label(span=use.span, text=why),),
        help=remedy,
    )
