"""Programs that run for long: how to see their end, wait for it, kill them, and follow their words.

``sandbox.Child`` is one that can be waited for and killed, too.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from livecd_rootfs import sandbox
from livecd_rootfs.process import SIGNAL_BASE, CommandMissing, Completed
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.values import Value


class Running(Protocol):
    """What the watcher of a long-running program needs."""

    @property
    def pidfd(self) -> int:
        """A descriptor that becomes readable when the program has ended."""

    def wait(self) -> int:
        """Wait for the end, once, and give the exit status (128 + n for signal n)."""

    def kill(self) -> None:
        """End it at once."""


class HostProcess(Value):
    """A program of the host that dies with this process."""

    process: subprocess.Popen[bytes]
    pidfd: int

    @classmethod
    def start(
        cls,
        argv: Sequence[str],
        *,
        streams: tuple[int, int, int],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        umask: int | None = None,
    ) -> HostProcess:
        """Start it; ``setpriv`` (util-linux) has the kernel kill it when we are gone.

        Args:
            argv: program and arguments.
            streams: descriptors for its input, output and errors.
            cwd: where it runs.
            env: its whole environment; ``None`` is that of this process.
            umask: its umask, likewise.

        Raises:
            CommandMissing: there is no such program.
        """
        stdin, stdout, stderr = streams
        words = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
        try:
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=None if env is None else dict(env),
                umask=-1 if umask is None else umask,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
            )
        except FileNotFoundError as error:
            raise CommandMissing(str(error.filename)) from error
        return cls(process=process, pidfd=os.pidfd_open(process.pid))

    def wait(self) -> int:
        """Wait for the end and give the exit status (128 + n for signal n)."""
        status = self.process.wait()
        os.close(self.pidfd)
        return status if status >= 0 else SIGNAL_BASE - status

    def kill(self) -> None:
        """End it at once."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)


def is_over(running: Running, seconds: float = 0) -> bool:
    """Whether a program has ended, or does so in that time."""
    ended, _, _ = select.select([running.pidfd], [], [], seconds)
    return bool(ended)


def end(running: Running) -> int:
    """Kill a program, if it still runs, and give its exit status."""
    with contextlib.suppress(ProcessLookupError):
        running.kill()
    return running.wait()


def follow(inside: Sandbox, argv: Sequence[str], on_line: Callable[[str], None]) -> Completed:
    """Run a command in a sandbox and hand over each line that it prints, at once.

    Args:
        inside: what it sees.
        argv: program and arguments.
        on_line: called with each line of both streams, without its end.

    Returns:
        The command's end; ``stdout`` has all lines.
    """
    started = time.monotonic()
    reader, writer = os.pipe()
    with os.fdopen(reader, errors="replace") as lines:
        try:
            child = sandbox.spawn(inside, argv, stdin=None, stdout=writer, stderr=writer)
        finally:
            os.close(writer)
        printed = []
        try:
            for line in lines:
                printed.append(line)
                on_line(line.rstrip("\n"))
        except BaseException:
            sandbox.stop(child)
            raise
        status = child.wait()
    seconds = time.monotonic() - started
    return Completed(
        argv=tuple(argv), status=status, stdout="".join(printed), stderr="", seconds=seconds
    )
