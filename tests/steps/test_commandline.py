"""The kernel's command line: the serial console, and what the user adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps import commandline
from tests.steps.builds import made_context

# Architecture, SERIAL_CONSOLE, KERNEL_COMMAND_LINE: the whole line, and the PC's port.
ASKED = {
    "nothing on a PC": ("amd64", "", "", "console=tty0 console=ttyS0,115200", (0, 115200)),
    "nothing on arm64": ("arm64", "", "", "console=tty0 console=ttyAMA0,115200", None),
    "the second port": (
        "amd64",
        "ttyS1,9600n8",
        "",
        "console=tty0 console=ttyS1,9600n8",
        (1, 9600),
    ),
    "no speed": ("amd64", "ttyS0", "", "console=tty0 console=ttyS0", (0, 9600)),
    "a hypervisor's": ("amd64", "hvc0", "", "console=tty0 console=hvc0", None),
    "none": ("amd64", "none", "", "console=tty0", None),
    "more": ("amd64", "none", " quiet  splash ", "quiet splash console=tty0", None),
    "a console of the user's": ("amd64", "", "console=hvc0", "console=hvc0", (0, 115200)),
}


@pytest.mark.parametrize("row", ASKED)
def test_asked(tmp_path: Path, row: str) -> None:
    arch, serial, more, line, port = ASKED[row]
    context = made_context(tmp_path, ARCH=arch, SERIAL_CONSOLE=serial, KERNEL_COMMAND_LINE=more)
    asked = commandline.of(context)
    assert (str(asked), asked.pc_port) == (line, port)


@pytest.mark.parametrize("serial", ["ttyS", "/dev/ttyS0", "ttyS0 quiet", "ttyS0,fast", "None"])
def test_no_serial_port(tmp_path: Path, serial: str) -> None:
    with pytest.raises(UsageError, match="which is no serial port"):
        commandline.of(made_context(tmp_path, SERIAL_CONSOLE=serial))


def test_arguments_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="KERNEL_COMMAND_LINE has characters"):
        commandline.of(made_context(tmp_path, KERNEL_COMMAND_LINE="a\nb"))
