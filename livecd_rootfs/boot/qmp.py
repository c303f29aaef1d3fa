"""QEMU's machine protocol, as much of it as a boot needs (QEMU documentation, "QMP")."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import IO, Any

from livecd_rootfs.errors import LivecdError

ANSWER_SECONDS = 10.0


class QmpError(LivecdError):
    """QEMU did not do what it was asked."""


def execute(control: Path, command: str, **arguments: object) -> object:
    """Have QEMU execute one command.

    Args:
        control: its QMP socket.
        command: the command's name.
        arguments: the command's arguments.

    Returns:
        What it returns.

    Raises:
        QmpError: it can't be reached, or refuses.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(control))
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.readline()
                _ask(stream, "qmp_capabilities", {})
                answer = _ask(stream, command, arguments)
    except (OSError, ValueError, StopIteration) as error:
        raise QmpError(f"QEMU did not answer to '{command}'", why=str(error)) from error
    if "error" in answer:
        raise QmpError(f"QEMU refused '{command}'", why=str(answer["error"].get("desc")))
    return answer["return"]


def _ask(stream: IO[str], command: str, arguments: dict[str, object]) -> dict[str, Any]:
    """One command and its answer; events that come between are passed over."""
    stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    stream.flush()
    messages = (json.loads(line) for line in stream)
    return next(message for message in messages if "event" not in message)


def forwarded_port(listing: str, guest_port: int) -> int | None:
    """The host's port that leads to a port of the guest, from what ``info usernet`` prints.

    Its columns: protocol[state], descriptor, source address and port,
    destination address and port, queues.
    """
    for line in listing.splitlines():
        found = re.match(r"\s*TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)\s", line)
        if found and int(found.group(2)) == guest_port:
            return int(found.group(1))
    return None
