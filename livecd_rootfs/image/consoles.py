"""Log-in at consoles: by itself, if that is wanted, and at the serial port that was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import units
from livecd_rootfs.steps import commandline
from livecd_rootfs.steps.context import Context

_SPEEDS = "115200,57600,38400,9600"
_AUTOLOGIN = "--autologin root "
# A terminal of the build's user would be in the image otherwise.
_TERM = "vt220"


def configure(context: Context) -> Iterator[str]:
    """Write what is set; gives it in words.

    With AUTOLOGIN root is logged in at the first virtual console, the serial port and
    the console of a container. A SERIAL_CONSOLE that was chosen has a log-in in any case,
    at its own speed.

    Raises:
        LivecdError: the root has no systemd.
        UsageError: SERIAL_CONSOLE is no port.
    """
    autologin = context.choice("AUTOLOGIN", ("no", "yes")) == "yes"
    line = commandline.of(context)
    port, _, speed = line.serial.partition(",")
    if not (autologin or (line.chosen and port)):
        return
    if not units.exists(context.chroot, "serial-getty@.service"):
        raise LivecdError(
            "log-in at a console is set, but the root has no systemd",
            remedy="add systemd-sysv to Packages, or leave out Autologin and SerialConsole",
        )
    if port:
        yield _serial(context, port, speed, autologin=autologin)
    if autologin:
        yield from _virtual(context)


def _serial(context: Context, port: str, speed: str, *, autologin: bool) -> str:
    unit = f"serial-getty@{port}.service"
    # Behind the speed may stand parity and bits, as in 57600n8.
    own = "".join(takewhile(str.isdigit, speed))
    rates = ",".join(dict.fromkeys(filter(None, (own, *_SPEEDS.split(",")))))
    argv = f"{_AUTOLOGIN if autologin else ''}--keep-baud {rates} %I $TERM"
    units.drop_in(context.chroot, unit, f"[Service]\nEnvironment=TERM={_TERM}\n{_exec(argv)}")
    units.want(context.chroot, unit, "getty.target")
    return f"{'autologin' if autologin else 'log-in'} at {port}"


def _virtual(context: Context) -> Iterator[str]:
    units.drop_in(
        context.chroot,
        "getty@tty1.service",
        f"[Service]\n{_exec(f'{_AUTOLOGIN}--noclear %I $TERM')}",
    )
    units.drop_in(
        context.chroot,
        "console-getty.service",
        f"[Service]\n{_exec(f'{_AUTOLOGIN}--noclear --keep-baud console {_SPEEDS} $TERM')}",
    )
    yield "autologin at tty1 and console"


def _exec(arguments: str) -> str:
    """An empty line first, which takes back the unit's own command."""
    return f"ExecStart=\nExecStart=-/sbin/agetty {arguments}\n"
