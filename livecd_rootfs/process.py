"""The one way to run a command: argv, environment, log, and a failure that explains itself."""

from __future__ import annotations

import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from livecd_rootfs import programs
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.values import Value

TAIL_LINES = 30
COMMAND_CANNOT_RUN = 126
COMMAND_NOT_FOUND = 127
SIGNAL_BASE = 128


class Completed(Value):
    """A command that ended.

    Attributes:
        argv: what ran.
        status: exit status; negative is the signal that ended it.
        stdout: what it printed, empty when the output went to a file.
        stderr: likewise.
        seconds: wall time.
    """

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    seconds: float


class CommandError(LivecdError):
    """A command that ended with a status that its caller did not expect."""

    def __init__(self, completed: Completed, *, remedy: str | None = None) -> None:
        self.completed = completed
        output = completed.stderr.rstrip() or completed.stdout.rstrip()
        super().__init__(
            f"`{quote(completed.argv)}` {describe_status(completed.status)}",
            notes=tuple(f"| {line}" for line in output.splitlines()[-TAIL_LINES:]),
            remedy=remedy,
        )


class CommandMissing(LivecdError):
    """The program of a command is not there; the remedy names its package, where that is known."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"the program '{program}' is not installed", remedy=programs.remedy(program)
        )


def quote(argv: Sequence[str]) -> str:
    """The command as it can be pasted into a shell."""
    return shlex.join(argv)


def describe_status(status: int) -> str:
    """An exit status in words; 126, 127 and signals say what they mean.

    The shell's own meaning of 126 and 127 is that of POSIX, 2.8.2 "Exit Status
    for Commands"; a status above 128 is how a shell reports a signal.
    """
    if status < 0:
        return f"was ended by {_signal_name(-status)}"
    if status > SIGNAL_BASE:
        name = _signal_name(status - SIGNAL_BASE)
        return f"failed with status {status} (ended by {name}, if it did not choose that itself)"
    if status == COMMAND_NOT_FOUND:
        return "failed with status 127 (a command, or the interpreter of a script, was not found)"
    if status == COMMAND_CANNOT_RUN:
        return "failed with status 126 (found, but it can't be executed)"
    return f"failed with status {status}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    output: IO[bytes] | int | None = None,
    check: bool = True,
    timeout: float | None = None,
) -> Completed:
    """Run a command to its end.

    Args:
        argv: program and arguments; never a shell line.
        env: the whole environment; ``None`` is that of this process.
        cwd: where it runs.
        stdin: text for its standard input; without it, an empty one.
        output: an open binary file, or a descriptor, that gets both streams;
            without it they are captured apart.
        check: raise when the status is not 0.
        timeout: seconds until it is killed.

    Raises:
        CommandMissing: there is no such program.
        CommandError: it failed, with the last lines that it printed.
    """
    words = tuple(str(word) for word in argv)
    started = time.monotonic()
    try:
        ended = subprocess.run(  # noqa: PLW1510 (checked below, with the output in the message)
            words,
            env=None if env is None else dict(env),
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.PIPE if output is None else subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise LivecdError(f"the directory {cwd} does not exist", why=str(error)) from error
        raise CommandMissing(words[0]) from error
    completed = Completed(
        argv=words,
        status=ended.returncode,
        stdout=ended.stdout or "",
        stderr=ended.stderr or "",
        seconds=time.monotonic() - started,
    )
    if check and completed.status != 0:
        raise CommandError(completed)
    return completed
