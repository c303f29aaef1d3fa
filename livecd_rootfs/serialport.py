"""A serial console, as the kernel's argument names it, or as SERIAL_CONSOLE asks for none."""

from __future__ import annotations

import re

NONE = "none"
# A device and its options (kernel documentation, admin-guide/serial-console).
CONSOLE = re.compile(r"(?P<port>tty[A-Z]+|hvc)(?P<unit>[0-9]+)(,(?P<speed>[0-9]+)[a-z0-9]*)?")


def must_be_console(text: str) -> None:
    """See that a text names a serial console, or none.

    Raises:
        ValueError: it does not.
    """
    if text != NONE and not CONSOLE.fullmatch(text):
        raise ValueError(text)
