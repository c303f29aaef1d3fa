"""Looking into an image: its serial console on this terminal, or a shell in it by ssh."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from dataclasses import dataclass, replace

from livecd_rootfs.boot import image, seed, ssh
from livecd_rootfs.boot.check import KvmFailed, Run, run_guest, wait
from livecd_rootfs.boot.machine import TICK_SECONDS, Machine
from livecd_rootfs.boot.request import BootFailed, Request, Until
from livecd_rootfs.boot.session import Session
from livecd_rootfs.running import end, is_over
from livecd_rootfs.terminal import raw, write
from livecd_rootfs.tools import Toolbox

# ^] leaves, as in telnet and virsh.
LEAVE = b"\x1d"
_CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The descriptors of the user's terminal, or of what stands for it."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2


def console(
    request: Request, toolbox: Toolbox, terminal: Terminal, *, progress: Callable[[str], None]
) -> None:
    """Put the guest's serial console on a terminal until the user leaves or the guest ends.

    Args:
        request: what to boot, and how; ``until`` and ``timeout`` don't count.
        toolbox: where QEMU and the rest are from.
        terminal: the user's.
        progress: told how to log in and to leave.
    """
    password = seed.new_nonce()

    def body(running: Session, run: Run) -> None:
        progress(f"log in as '{seed.USER}' with the password '{password}'; ^] leaves")
        with raw(terminal.stdin):
            attach(running.machine, terminal.stdin)
        if run.suspect and running.machine.kvm_gave_up():
            raise KvmFailed

    run_guest(
        replace(image.with_firmware(request, toolbox), until=Until.LOGIN),
        toolbox,
        body,
        progress=progress,
        sink=lambda chunk: write(terminal.stdout, chunk),
        password=password,
    )


def shell(
    request: Request,
    toolbox: Toolbox,
    terminal: Terminal,
    *,
    progress: Callable[[str], None],
    on_console: Callable[[bytes], None] = lambda _: None,
) -> int:
    """Wait for the guest's ssh, open a shell there, and give its exit status.

    Args:
        request: what to boot, and how.
        toolbox: where QEMU, ssh and the rest are from.
        terminal: the user's.
        progress: called with what is going on.
        on_console: called with all that the console prints.

    Raises:
        BootFailed: nobody could log in.
    """
    asked = replace(image.with_firmware(request, toolbox), until=Until.SSH)

    def body(running: Session, run: Run) -> int:
        came = wait(running, asked, suspect=run.suspect)
        progress(f"logged in as '{came.user}' after {came.seconds:.0f} seconds")
        return _log_in(running, came.user, terminal)

    return run_guest(asked, toolbox, body, progress=progress, sink=on_console)


def _log_in(running: Session, user: str | None, terminal: Terminal) -> int:
    """A shell on the terminal, while the console is read on."""
    port = ssh.find_port(running.control)
    if running.key is None or user is None or port is None:
        raise BootFailed("QEMU does not forward ssh any more")
    argv = ssh.command(running.key, port, user)
    streams = (terminal.stdin, terminal.stdout, terminal.stderr)
    visit = running.toolbox.start(argv, streams=streams, cwd=running.directory)
    while not is_over(visit):
        if running.machine.read(TICK_SECONDS) == b"":
            return end(visit)
    return visit.wait()


def attach(machine: Machine, stdin: int) -> None:
    """Carry keys to the guest, and wait for LEAVE or the guest's end; the sink shows the rest."""
    while True:
        ready, _, _ = select.select([machine.console, stdin], [], [], TICK_SECONDS)
        if machine.kvm_gave_up() or (machine.console in ready and machine.read(0) == b""):
            return
        if stdin in ready:
            typed, left, _ = os.read(stdin, _CHUNK).partition(LEAVE)
            os.write(machine.keyboard, typed)
            if left or not typed:
                return
