"""The mounts of a sandbox: operations that say what a root is made of, and their application.

Only ``sandbox`` applies them, in a mount namespace that ends with its command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from livecd_rootfs import kernel, trees
from livecd_rootfs.values import Value


class Bind(Value):
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


class Tmpfs(Value):
    """An empty directory in memory."""

    target: str
    mode: int = 0o755


class Proc(Value):
    """``/proc`` of the sandbox's own PID namespace."""

    target: str = "/proc"


class Sys(Value):
    """``/sys``, read-only, with the network devices that the command has, and no others.

    Attributes:
        source: the host's; where there is none, the command has none either.
        target: path inside.
    """

    source: Path = Path("/sys")
    target: str = "/sys"


class Devices(Value):
    """A small ``/dev``: the nodes that every program expects, and no disk."""

    target: str = "/dev"


class Link(Value):
    """A symbolic link."""

    target: str
    to: str


class Overlay(Value):
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


Operation = Bind | Tmpfs | Proc | Sys | Devices | Link | Overlay

DEVICE_NODES = ("null", "zero", "full", "random", "urandom", "tty")


def assemble(
    root: Path | None, operations: Sequence[Operation], *, own_network: bool = False
) -> None:
    """Build the root and enter it.

    The trees of the outside are cloned before anything is mounted, so the new
    root hides no source.

    Args:
        root: as in ``Sandbox``.
        operations: what it is made of.
        own_network: whether this process is in a network namespace of its own.
    """
    os.umask(0o022)
    trees = {id(each): _clone(each) for each in operations if isinstance(each, Bind)}
    trees |= {id(each): _clone_sys(each) for each in operations if isinstance(each, Sys)}
    devices = {name: kernel.clone_tree(f"/dev/{name}") for name in DEVICE_NODES}
    base = _new_root(root)
    for operation in operations:
        if isinstance(operation, Sys) and own_network and _mount_sys(base + operation.target):
            continue
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


def _clone_sys(sys: Sys) -> int | None:
    return _clone(Bind(source=sys.source, target=sys.target, optional=True))


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
        case Bind() | Sys():
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


def _mount_sys(target: str) -> bool:
    """A fresh /sys, which shows the devices of our network namespace (sysfs(5), /sys/class/net).

    A container may forbid that; then there is no other than the one that is there.
    """
    os.makedirs(target, exist_ok=True)
    flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    try:
        kernel.mount("sysfs", target, "sysfs", flags)
    except PermissionError:
        return False
    return True


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


# The kernel's own directory in the work directory (fs/overlayfs/super.c: OVL_WORKDIR_NAME).
_MARKED = "work"


def mount_overlay(overlay: Overlay, target: str) -> None:
    """Mount an overlay; always in one mode, so that no layer is read in another.

    ``userxattr`` is the only mode that works without root, and a layer written
    with it and read without it shows deleted directories again. ``index`` and
    ``metacopy`` stay off because an upper directory is used again over other
    lower ones (kernel documentation, filesystems/overlayfs). ``volatile``: without
    it unmounting waits until the whole file system of the upper directory is on the
    disk, layers of other steps with it. The mark that such a mount leaves in the work
    directory goes before the next one: what a crash cut short is thrown away anyway.
    """
    options = ["lowerdir=" + ":".join(_quoted(lower) for lower in overlay.lowers)]
    if overlay.upper is not None and overlay.work is not None:
        trees.remove(overlay.work / _MARKED)
        upper, work = _quoted(overlay.upper), _quoted(overlay.work)
        options += [f"upperdir={upper}", f"workdir={work}", "volatile"]
    options += ["userxattr", "index=off", "metacopy=off"]
    kernel.mount("overlay", target, "overlay", 0, ",".join(options))


def _quoted(path: Path) -> str:
    """A name in mount options: what separates names and options there has a backslash before it."""
    return re.sub(r"([\\:,])", r"\\\1", str(path))
