"""A sandbox: a root put together from mounts, in namespaces that end with the command.

A ``Sandbox`` is a value that says what the command will see; ``spawn`` and
``run`` make it so. Whatever ends the command (its own end, a signal, the end of
this program) ends the PID namespace with all its processes and the mount
namespace with all its mounts, so nothing can be left behind. It needs root, or
a user namespace in which the caller is root (see ``userns``).
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import socket
import struct
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from livecd_rootfs import kernel, mounts, unrunnable
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Operation
from livecd_rootfs.process import (
    COMMAND_CANNOT_RUN,
    COMMAND_NOT_FOUND,
    SIGNAL_BASE,
    CommandError,
    Completed,
)
from livecd_rootfs.values import Value

GRACE_SECONDS = 2.0
# Modes of what a command makes must not depend on who called us.
UMASK = 0o022


class User(Value):
    """As whom a command runs: a user and a group, by their numbers inside, and no other groups."""

    uid: int
    gid: int


class Sandbox(Value):
    """What a command sees.

    Attributes:
        operations: what the root is made of, in order.
        root: a directory to be the root, writable; without it an empty one in memory.
        cwd: working directory inside.
        env: the whole environment.
        network: without it only a loopback device exists.
        hostname: its host name; the host's own would make results differ.
        terminal: its input is a terminal of nobody else's, which becomes its own: keys send signals.
        user: as whom the command runs; ``None`` is the caller's own, which is root.
    """

    operations: tuple[Operation, ...] = ()
    root: Path | None = None
    cwd: str = "/"
    env: Mapping[str, str] = MappingProxyType({})
    network: bool = True
    hostname: str = "localhost"
    terminal: bool = False
    user: User | None = None


class SandboxError(LivecdError):
    """The sandbox itself could not be set up."""


class Child(Value):
    """A running sandbox: its first process and a descriptor that tells its end."""

    pid: int
    pidfd: int
    argv: tuple[str, ...]
    errors: int

    def wait(self) -> int:
        """Wait for the end and give the command's exit status (128 + n for signal n).

        Raises:
            SandboxError: the command was never started.
        """
        _, raw = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        failure = _drain(self.errors)
        if failure:
            raise SandboxError(
                f"the sandbox for `{self.argv[0]}` could not be set up",
                why=failure.decode(errors="replace"),
                remedy="a container must allow mounts and namespaces to build images in it",
            )
        status = os.waitstatus_to_exitcode(raw)
        return status if status >= 0 else SIGNAL_BASE - status

    def terminate(self) -> None:
        """Ask the command to end; after GRACE_SECONDS everything in it is killed."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGTERM)

    def kill(self) -> None:
        """End everything in it at once."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)


def spawn(
    sandbox: Sandbox,
    argv: Sequence[str],
    *,
    stdin: int | None,
    stdout: int,
    stderr: int,
    shut: Sequence[int] = (),
) -> Child:
    """Start a command in a sandbox.

    Args:
        sandbox: what it sees.
        argv: program and arguments, looked up on the PATH of the sandbox's ``env``.
        stdin: descriptor for its input; ``None`` is an empty one.
        stdout: descriptor for its output.
        stderr: descriptor for its errors.
        shut: descriptors of ours that nothing in there may hold open, such as our
            end of a pipe that it reads until the end.
    """
    parent = os.pidfd_open(os.getpid())
    errors, report = os.pipe()
    try:
        pid = _fork_into_pid_namespace()
        if pid == 0:
            streams = (stdin, stdout, stderr)
            _become_init(sandbox, argv, streams, parent=parent, report=report, shut=shut)
    except OSError as error:
        os.close(errors)
        raise SandboxError("no new namespace could be made", why=str(error)) from error
    finally:
        os.close(parent)
        os.close(report)
    return Child(pid=pid, pidfd=os.pidfd_open(pid), argv=tuple(argv), errors=errors)


def run(
    sandbox: Sandbox,
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    output: int | None = None,
    check: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> Completed:
    """Run a command in a sandbox to its end.

    Args:
        sandbox: what it sees.
        argv: program and arguments.
        stdin: text for its input.
        output: a descriptor that gets both streams; without it they are captured apart.
        check: raise when the status is not 0.
        meanwhile: called while the command runs.

    Raises:
        CommandError: it failed.
        SandboxError: it was never started.
    """
    started = time.monotonic()
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        source.write((stdin or "").encode())
        source.seek(0)
        child = spawn(
            sandbox,
            argv,
            stdin=source.fileno(),
            stdout=out.fileno() if output is None else output,
            stderr=err.fileno() if output is None else output,
        )
        status = _wait_or_end(child, meanwhile)
        texts = [_text(stream.fileno()) for stream in (out, err)]
    seconds = time.monotonic() - started
    completed = Completed(
        argv=tuple(argv), status=status, stdout=texts[0], stderr=texts[1], seconds=seconds
    )
    if check and status != 0:
        raise CommandError(completed)
    return completed


def _wait_or_end(child: Child, meanwhile: Callable[[], object]) -> int:
    """Wait; if this program is interrupted meanwhile, the sandbox ends with it."""
    try:
        meanwhile()
        with selectors.DefaultSelector() as selector:
            selector.register(child.pidfd, selectors.EVENT_READ)
            selector.select()
        return child.wait()
    except BaseException:
        stop(child)
        raise


def stop(child: Child) -> None:
    """End a sandbox in order: ask, wait for GRACE_SECONDS, kill; returns when it is gone."""
    try:
        child.terminate()
        with selectors.DefaultSelector() as selector:
            selector.register(child.pidfd, selectors.EVENT_READ)
            if not selector.select(GRACE_SECONDS * 2):
                child.kill()
    except (ProcessLookupError, OSError):
        return
    os.waitpid(child.pid, 0)
    os.close(child.pidfd)
    os.close(child.errors)


def _text(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "r", errors="replace") as stream:
        return stream.read()


def _drain(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def _fork_into_pid_namespace() -> int:
    """Fork with the child as first process of a new PID namespace.

    ``unshare`` changes only where later children go, so the parent takes it
    back at once.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        try:
            pid = os.fork()
        except OSError:
            kernel.setns(own, kernel.CLONE_NEWPID)
            raise
        if pid:
            kernel.setns(own, kernel.CLONE_NEWPID)
        return pid
    finally:
        os.close(own)


# From here on everything runs in the child. It must not return, and must not
# touch the parent's buffered files: only os._exit ends it.


def _become_init(
    sandbox: Sandbox,
    argv: Sequence[str],
    streams: tuple[int | None, int, int],
    *,
    parent: int,
    report: int,
    shut: Sequence[int],
) -> NoReturn:
    try:
        for descriptor in shut:
            os.close(descriptor)
        _follow_parent(parent)
        _enter_namespaces(sandbox)
        os.umask(UMASK)
        mounts.assemble(sandbox.root, sandbox.operations, own_network=not sandbox.network)
        status = _supervise(_start(sandbox, argv, streams, report), report)
    except BaseException as error:  # noqa: BLE001 (the child must not run the parent's code)
        os.write(report, _explain(error).encode())
        status = 1
    os._exit(status)


def _explain(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"


def _follow_parent(parent: int) -> None:
    """Die when the parent dies; it may be dead already, which its pidfd tells."""
    # An event loop of the parent's would take our signals for its own: it reads them from a
    # descriptor that we have inherited.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setsid()
    kernel.die_with_parent(signal.SIGKILL)
    with selectors.DefaultSelector() as selector:
        selector.register(parent, selectors.EVENT_READ)
        if selector.select(0):
            os._exit(1)


def _enter_namespaces(sandbox: Sandbox) -> None:
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    kernel.unshare(flags if sandbox.network else flags | kernel.CLONE_NEWNET)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    socket.sethostname(sandbox.hostname)
    if not sandbox.network:
        _loopback_up()


def _loopback_up() -> None:
    """Give the new network namespace its 127.0.0.1 (netdevice(7): SIOCSIFFLAGS, IFF_UP)."""
    siocsifflags, iff_up = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, siocsifflags, struct.pack("16sh14x", b"lo", iff_up))


def _start(
    sandbox: Sandbox, argv: Sequence[str], streams: tuple[int | None, int, int], report: int
) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.chdir(sandbox.cwd)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _connect(streams)
        if sandbox.terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        _become(sandbox.user)
    except OSError as error:
        os.write(report, _explain(error).encode())
    else:
        _execute(argv, sandbox.env)
    os._exit(COMMAND_CANNOT_RUN)


def _execute(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    try:
        os.execvpe(argv[0], list(argv), dict(env))
    except OSError as error:
        os.write(2, f"{argv[0]}: {unrunnable.why(Path(argv[0]), error)}\n".encode())
        missing = isinstance(error, FileNotFoundError)
        os._exit(COMMAND_NOT_FOUND if missing else COMMAND_CANNOT_RUN)


def _become(user: User | None) -> None:
    if user is not None:
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)


def _connect(streams: tuple[int | None, int, int]) -> None:
    stdin, stdout, stderr = streams
    source = os.open("/dev/null", os.O_RDONLY) if stdin is None else stdin
    copies = [os.dup(descriptor) for descriptor in (source, stdout, stderr)]
    for number, copy in enumerate(copies):
        os.dup2(copy, number, inheritable=True)


def _supervise(command: int, report: int) -> int:
    """Be the first process: reap orphans, pass SIGTERM on, end with the command."""
    os.close(report)
    signal.signal(signal.SIGTERM, lambda *_: _end_command(command))
    while True:
        pid, raw = os.waitpid(-1, 0)
        if pid == command:
            status = os.waitstatus_to_exitcode(raw)
            return status if status >= 0 else SIGNAL_BASE - status


def _end_command(command: int) -> NoReturn:
    """Give the command time for its own clean-up, then end the namespace."""
    deadline = time.monotonic() + GRACE_SECONDS
    os.killpg(command, signal.SIGTERM)
    while time.monotonic() < deadline:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == command:
            break
        time.sleep(0.01)
    os._exit(SIGNAL_BASE + signal.SIGTERM)
