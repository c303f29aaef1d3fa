"""host-dependence: a hook waits, or uses devices and folders of the machine that builds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from livecd_rootfs.diagnostics import Diagnostic, Label, Severity
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.effects.model import Command
from livecd_rootfs.source import Span

CODE = "host-dependence"
SEVERITY = Severity.WARNING
WHAT = "a hook waits, or uses devices and folders of the machine that builds"
WHY = """\
What a fixed sleep waits for comes later on a busy machine. Loop devices are shared by all builds of
a machine, and builders may have none. A folder of one machine is not on the next."""
INSTEAD = """\
Wait for the thing itself; use the functions of config/functions, which mount without fixed names;
take data from beside the hook."""
FIXES = ""
BAD = """\
== extra/series/disk
extra/disk.binary
== extra/disk.binary
#!/bin/sh -e
loop=$(losetup --find --show -P binary/boot/disk.ext4)
       ^^^^^^^
sleep 5
^^^^^
cp /srv/keys/signing.pem chroot/etc/signing.pem
   ^^^^^^^^^^^^^^^^^^^^^
"""
GOOD = """\
== extra/series/disk
extra/disk.binary
== extra/disk.binary
#!/bin/sh -e
. config/functions
mount_disk_image binary/boot/disk.ext4 mountpoint
cp "$(dirname "$(readlink -f "$0")")/signing.pem" mountpoint/etc/signing.pem
umount_disk_image mountpoint
"""
_PROGRAMS = {
    "sleep": "what it waits for takes longer on a busy machine: wait for the thing itself",
    "losetup": "loop devices are shared by all builds of a machine, and not every builder has any",
    "kpartx": "device mapper names are shared by all builds of a machine",
}
_PLACES = (
    (re.compile(r"/dev/(?:loop|mapper/loop)"), "a device that another build may have taken"),
    (re.compile(r"/(?:home|srv|mnt|media)/\w"), "a folder of this one machine"),
)


def check(context: Context) -> Iterator[Diagnostic]:
    """Look through what hooks run on the builder; a root's own folders are another matter."""
    running = {hook.name for hook in context.whole.hooks}
    for name, hook in context.hooks.items():
        if hook.is_file and name in running:
            is_binary = name.endswith(".binary")
            for command in context.effects(name).commands:
                for span, why in _faults(command, is_binary=is_binary):
                    yield _finding(name, span, why)


def _faults(command: Command, *, is_binary: bool) -> Iterator[tuple[Span, str]]:
    program = command.words[0].rsplit("/", 1)[-1]
    if program in _PROGRAMS:
        yield command.span(0), _PROGRAMS[program]
    for number, word in enumerate(command.words[1:], start=1):
        for place, why in _PLACES if is_binary else ():
            if place.match(word) and program not in {"echo", "printf"}:
                yield command.span(number), why


def _finding(hook: str, span: Span, why: str) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        severity=SEVERITY,
        message=f"hook '{hook}' depends on the machine that it runs on",
        labels=(Label(span=span, text=why),),
    )
