"""The step that settles /etc/machine-id: the first boot makes one, or it is given."""

from __future__ import annotations

import re

from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

FILE = "etc/machine-id"
DBUS = "var/lib/dbus/machine-id"
UNINITIALIZED = "uninitialized"
EMPTY = "empty"
_ID = re.compile(r"[0-9a-f]{32}")
_MODE = 0o444


def run(context: Context) -> str:
    """Write /etc/machine-id as MACHINE_ID says.

    ``uninitialized``, the default, makes the next boot a first boot, which makes
    an id and applies presets; ``empty`` makes an id without that; an id of 32 hex
    digits, or a UUID, is every copy's (machine-id(5)).

    Returns:
        what was done, in one line.

    Raises:
        UsageError: MACHINE_ID is none of these.
    """
    wanted = _wanted(context.variables.get("MACHINE_ID") or UNINITIALIZED)
    path = rooted.resolve(context.chroot, FILE)
    path.unlink(missing_ok=True)
    rooted.write(context.chroot, FILE, f"{wanted}\n" if wanted else "")
    path.chmod(_MODE)
    other = context.chroot / DBUS
    # D-Bus has its own copy where it is no link to the one of systemd.
    if other.is_file() and not other.is_symlink():
        other.unlink()
    return f"machine-id: {wanted or EMPTY}"


def _wanted(text: str) -> str:
    if text in {UNINITIALIZED, EMPTY}:
        return "" if text == EMPTY else text
    plain = text.replace("-", "").lower()
    if not _ID.fullmatch(plain) or plain == "0" * 32:
        raise UsageError(
            f"MachineId is '{text}', which is no machine id",
            remedy=f"{UNINITIALIZED}, {EMPTY}, or 32 hex digits as of `systemd-id128 new`",
        )
    return plain
