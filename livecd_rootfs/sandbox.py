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
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from livecd_rootfs import kernel
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import COMMAND_NOT_FOUND, SIGNAL_BASE, CommandError, Completed

GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A file or directory of the outside, with the mounts below it.

    Attributes:
        source: outside path; links are followed.
        target: path inside; made when it is not there.
        writable: whether the command may write there.
        optional: leave it out silently when the source does not exist.
    """

    source: Path
    target: str
    writable: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmpfs:
    """An empty directory in memory."""

    target: str
    mode: int = 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Proc:
    """``/proc`` of the sandbox's own PID namespace."""

    target: str = "/proc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """A small ``/dev``: the nodes that every program expects, and no disk."""

    target: str = "/dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A symbolic link."""

    target: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An overlay of directories of the outside.

    Attributes:
        lowers: lowest last, as in the kernel's ``lowerdir=``.
        upper: gets the changes; without it the overlay is read-only.
        work: the kernel's own working directory, on the file system of ``upper``.
    """

    target: str
    lowers: tuple[Path, ...]
    upper: Path | None = None
    work: Path | None = None


Operation = Bind | Tmpfs | Proc | Devices | Link | Overlay

DEVICE_NODES = ("null", "zero", "full", "random", "urandom", "tty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What a command sees.

    Attributes:
        operations: what the root is made of, in order.
        root: a directory to be the root, writable; without it an empty one in memory.
        cwd: working directory inside.
        env: the whole environment.
        network: without it only a loopback device exists.
        hostname: its host name; the host's own would make results differ.
    """

    operations: tuple[Operation, ...] = ()
    root: Path | None = None
    cwd: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)
    network: bool = True
    hostname: str = "localhost"


class SandboxError(LivecdError):
    """The sandbox itself could not be set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
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
    sandbox: Sandbox, argv: Sequence[str], *, stdin: int | None, stdout: int, stderr: int
) -> Child:
    """Start a command in a sandbox.

    Args:
        sandbox: what it sees.
        argv: program and arguments, looked up on the PATH of the sandbox's ``env``.
        stdin: descriptor for its input; ``None`` is an empty one.
        stdout: descriptor for its output.
        stderr: descriptor for its errors.
    """
    parent = os.pidfd_open(os.getpid())
    errors, report = os.pipe()
    try:
        pid = _fork_into_pid_namespace()
        if pid == 0:
            _become_init(sandbox, argv, (stdin, stdout, stderr), parent, report)
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
) -> Completed:
    """Run a command in a sandbox to its end.

    Args:
        sandbox: what it sees.
        argv: program and arguments.
        stdin: text for its input.
        output: a descriptor that gets both streams; without it they are captured apart.
        check: raise when the status is not 0.

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
        status = _wait_or_end(child)
        texts = [_text(stream.fileno()) for stream in (out, err)]
    seconds = time.monotonic() - started
    completed = Completed(
        argv=tuple(argv), status=status, stdout=texts[0], stderr=texts[1], seconds=seconds
    )
    if check and status != 0:
        raise CommandError(completed)
    return completed


def _wait_or_end(child: Child) -> int:
    """Wait; if this program is interrupted meanwhile, the sandbox ends with it."""
    try:
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
    parent: int,
    report: int,
) -> NoReturn:
    try:
        _follow_parent(parent)
        _enter_namespaces(sandbox)
        _assemble(sandbox)
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


def _assemble(sandbox: Sandbox) -> None:
    """Build the root and enter it.

    The trees of the outside are cloned before anything is mounted, so the new
    root hides no source.
    """
    os.umask(0o022)
    trees = {
        id(operation): _clone(operation)
        for operation in sandbox.operations
        if isinstance(operation, Bind)
    }
    devices = {name: kernel.clone_tree(f"/dev/{name}") for name in DEVICE_NODES}
    base = _new_root(sandbox.root)
    for operation in sandbox.operations:
        _apply(operation, base, trees.get(id(operation)), devices)
    os.chdir(base)
    kernel.change_root()


def _clone(bind: Bind) -> int | None:
    source = os.path.realpath(bind.source)
    if bind.optional and not os.path.exists(source):
        return None
    tree = kernel.clone_tree(source)
    if not bind.writable:
        kernel.make_read_only(tree)
    return tree


def _new_root(root: Path | None) -> str:
    """Mount the new root somewhere: on /sys, where no overlay's directories can be hidden by it."""
    base = "/sys"
    if root is None:
        kernel.mount("tmpfs", base, "tmpfs", kernel.MS_NOSUID, "mode=0755")
        return base
    tree = kernel.clone_tree(os.path.realpath(root))
    kernel.attach_tree(tree, base)
    os.close(tree)
    return base


def _apply(operation: Operation, base: str, tree: int | None, devices: Mapping[str, int]) -> None:
    target = base + operation.target
    match operation:
        case Bind():
            if tree is not None:
                _make_mount_point(target, tree)
                kernel.attach_tree(tree, target)
                os.close(tree)
        case Tmpfs(mode=mode):
            os.makedirs(target, exist_ok=True)
            kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID, f"mode={mode:04o}")
        case Proc():
            _mount_proc(target)
        case Devices():
            _mount_devices(target, devices)
        case Link(to=to):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(to, target)
        case Overlay():
            os.makedirs(target, exist_ok=True)
            mount_overlay(operation, target)


def _make_mount_point(target: str, tree: int) -> None:
    """An empty directory or file, like what will lie on it."""
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if not os.path.lexists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))


def _mount_proc(target: str) -> None:
    """A fresh /proc; where a container forbids that, the one that is there."""
    os.makedirs(target, exist_ok=True)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    try:
        kernel.mount("proc", target, "proc", flags)
    except PermissionError:
        tree = kernel.clone_tree("/proc")
        kernel.attach_tree(tree, target)
        os.close(tree)


def _mount_devices(target: str, devices: Mapping[str, int]) -> None:
    os.makedirs(target, exist_ok=True)
    kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID, "mode=0755")
    for name, tree in devices.items():
        os.close(os.open(f"{target}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        kernel.attach_tree(tree, f"{target}/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{target}/{name}")
    kernel.mount("devpts", f"{target}/pts", "devpts", kernel.MS_NOSUID, "newinstance,ptmxmode=0666")
    kernel.mount("tmpfs", f"{target}/shm", "tmpfs", kernel.MS_NOSUID, "mode=1777")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0"}
    for name, to in {**links, "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(to, f"{target}/{name}")


def mount_overlay(overlay: Overlay, target: str) -> None:
    """Mount an overlay; always in one mode, so that no layer is read in another.

    ``userxattr`` is the only mode that works without root, and a layer written
    with it and read without it shows deleted directories again. ``index`` and
    ``metacopy`` stay off because an upper directory is used again over other
    lower ones (kernel documentation, filesystems/overlayfs).
    """
    options = ["lowerdir=" + ":".join(str(lower) for lower in overlay.lowers)]
    if overlay.upper is not None:
        options += [f"upperdir={overlay.upper}", f"workdir={overlay.work}"]
    options += ["userxattr", "index=off", "metacopy=off"]
    kernel.mount("overlay", target, "overlay", 0, ",".join(options))


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
        os.execvpe(argv[0], list(argv), dict(sandbox.env))
    except FileNotFoundError:
        os.write(2, f"{argv[0]}: not found, or its interpreter is not\n".encode())
    except OSError as error:
        os.write(report, _explain(error).encode())
    os._exit(COMMAND_NOT_FOUND)


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
