"""The kernel's command line: its consoles, and what the user adds."""

from __future__ import annotations

from livecd_rootfs import serialport
from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps.context import Context
from livecd_rootfs.values import Value

SERIAL_CONSOLE = "SERIAL_CONSOLE"
KERNEL_COMMAND_LINE = "KERNEL_COMMAND_LINE"
_FIRST_PORT = {"arm64": "ttyAMA0"}


class CommandLine(Value):
    """What a kernel is told besides its root.

    Attributes:
        serial: the serial console as the kernel's argument has it; empty for none.
        more: what the user adds.
        chosen: whether the user named the console, and so against what packages bring.
    """

    serial: str
    more: str = ""
    chosen: bool = False

    @property
    def consoles(self) -> str:
        """The arguments for the consoles; the last one is /dev/console."""
        return f"console=tty0 console={self.serial}" if self.serial else "console=tty0"

    @property
    def pc_port(self) -> tuple[int, int] | None:
        """Number and speed of the serial port if it is one of a PC's."""
        found = serialport.CONSOLE.fullmatch(self.serial)
        if not found or found["port"] != "ttyS":
            return None
        return int(found["unit"]), int(found["speed"] or 9600)

    def __str__(self) -> str:
        """All arguments; a console that the user names takes the place of ours."""
        ours = () if " console=" in f" {self.more}" else (self.consoles,)
        return " ".join((*self.more.split(), *ours))


def of(context: Context) -> CommandLine:
    """The command line that SERIAL_CONSOLE and KERNEL_COMMAND_LINE ask for.

    SERIAL_CONSOLE is a port such as ``ttyS0,115200``, ``none``, or nothing,
    which is the first port of the architecture's usual machines.

    Raises:
        UsageError: they can't be such.
    """
    port = f"{_FIRST_PORT.get(context.arch, 'ttyS0')},115200"
    named = context.variables.get(SERIAL_CONSOLE, "").strip()
    serial = named or port
    more = context.variables.get(KERNEL_COMMAND_LINE, "").strip()
    try:
        serialport.must_be_console(serial)
    except ValueError:
        raise UsageError(
            f"{SERIAL_CONSOLE} is '{serial}', which is no serial port",
            remedy=f"a port and its speed, as in {port}; or {serialport.NONE}",
        ) from None
    if not more.isprintable():
        raise UsageError(
            f"{KERNEL_COMMAND_LINE} has characters that no boot loader passes on",
            remedy="one line of printable characters",
        )
    return CommandLine(
        serial="" if serial == serialport.NONE else serial, more=more, chosen=bool(named)
    )
