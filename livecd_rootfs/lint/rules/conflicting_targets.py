"""conflicting-targets: targets that do each other harm in one build."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context, NamedBuild
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.resolve import split_targets
from livecd_rootfs.source import Span

CODE = "conflicting-targets"
SEVERITY = Severity.WARNING
WHAT = "targets that are built together lose an artifact, or write one scratch file"
WHY = """\
A target that provides nothing, such as `all`, keeps everything; with another one beside it, as in
`all,squashfs`, only what that one provides is kept. And of two hooks that write one file on the
way, the second destroys what the first has made."""
INSTEAD = """\
Name `all` alone. Give each hook's scratch files names of its own; a hook that goes on working on
another one's file says so in its header, by `reads=` and `writes=`."""
FIXES = ""
BAD = """\
== base/series/all
depends disk
depends squashfs
== base/series/disk
base/disk.binary
provides ${PREFIX}.img
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs
== base/disk.binary
#!/bin/sh
# hook: reads=chroot writes=scratch.ext4
                            ^^^^^^^^^^^^
== base/squashfs.binary
#!/bin/sh
# hook: reads=chroot writes=scratch.ext4
                            ^^^^^^^^^^^^
== ../pyproject.toml
[tool.series-lint]
builds = ["all", "all,squashfs"]
                  ^^^^^^^^^^^^
"""
GOOD = """\
== base/series/all
depends disk
depends squashfs
== base/series/disk
base/disk.binary
provides ${PREFIX}.img
== base/series/squashfs
base/squashfs.binary
provides ${PREFIX}.squashfs
== base/disk.binary
#!/bin/sh
# hook: reads=chroot writes=disk.ext4
== base/squashfs.binary
#!/bin/sh
# hook: reads=chroot,disk.ext4 writes=disk.ext4
== ../pyproject.toml
[tool.series-lint]
builds = ["all", "disk,squashfs"]
"""
PATTERN = frozenset("*?[$")
# What the pruner and `shared-provides` look after.
ARTIFACT = "livecd."


def check(context: Context) -> Iterator[Diagnostic]:
    """Resolve the lists of targets that are known; compare what hooks declare to write."""
    for build in context.builds:
        yield from _silent(build, context)
    writers: dict[str, list[Hook]] = {}
    for hook in context.used_hooks:
        for name in _overwritten(hook):
            writers.setdefault(name, []).append(hook)
    for name, hooks in writers.items():
        yield from (_collision(name, *pair) for pair in itertools.pairwise(hooks))


def _silent(build: NamedBuild, context: Context) -> Iterator[Diagnostic]:
    targets = split_targets([build.targets])
    for found in context.resolution(*targets).warnings:
        if found.code == "silent-target":
            yield replace(found, code=CODE, labels=(Label(span=build.span),))


def _overwritten(hook: Hook) -> Sequence[str]:
    """The scratch files that a hook says it writes, and not that it reads them before."""
    declared = hook.header.header
    if declared.reads is None or declared.writes is None:
        return ()
    return [
        name
        for name in declared.writes
        if name not in declared.reads and not PATTERN & set(name) and not name.startswith(ARTIFACT)
    ]


def _collision(name: str, first: Hook, second: Hook) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"the hooks '{first.name}' and '{second.name}' both write {name}",
        labels=(Label(span=_span(second, name)), Label(span=_span(first, name))),
        help="give each a file of its own, or declare that the second one reads it",
    )


def _span(hook: Hook, name: str) -> Span:
    source = hook.text.source
    header = source.text.index("writes=")
    found = re.compile(rf"[=,]({re.escape(name)})(?=[,\s]|\Z)").search(source.text, header)
    start = found.start(1) if found else header
    return Span(source=source, start=start, end=start + len(name))
