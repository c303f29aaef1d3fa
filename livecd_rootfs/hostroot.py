"""The host's root as a sandbox sees it: all there, read-only, with private /tmp and /run."""

from __future__ import annotations

import os
from pathlib import Path

from livecd_rootfs.mounts import Bind, Devices, Link, Operation, Proc, Sys, Tmpfs

PRIVATE = frozenset({"build", "dev", "livecd", "lost+found", "proc", "run", "sys", "tmp"})
RESOLVER = "/etc/resolv.conf"


def operations(root: Path = Path("/"), *, all_devices: bool = False) -> tuple[Operation, ...]:
    """The operations that make such a root.

    Args:
        root: the host's root.
        all_devices: the host's own /dev, disks and loop devices with it, which
            foreign hooks may need; else a small one.
    """
    names = sorted({path.name for path in root.iterdir()} - PRIVATE)
    return (
        *(_top_level(root / name) for name in names),
        Proc(),
        *_devices(root, all_devices=all_devices),
        Sys(source=root / "sys"),
        Tmpfs(target="/run"),
        Tmpfs(target="/tmp", mode=0o1777),  # noqa: S108 (the sandbox's own)
        *_resolver(root),
    )


def _top_level(path: Path) -> Operation:
    """A directory is bound; a link, such as /bin on a merged /usr, is made again."""
    if path.is_symlink():
        return Link(target=f"/{path.name}", to=str(path.readlink()))
    return Bind(source=path, target=f"/{path.name}")


def _devices(root: Path, *, all_devices: bool) -> tuple[Operation, ...]:
    if not all_devices:
        return (Devices(),)
    shared = Bind(source=root / "dev", target="/dev", writable=True)
    return (shared, Tmpfs(target="/dev/shm", mode=0o1777))  # noqa: S108 (the sandbox's own)


def _resolver(root: Path) -> tuple[Operation, ...]:
    """A resolv.conf that is a link into /run needs its target in the private /run."""
    real = os.path.realpath(root / RESOLVER.lstrip("/"))
    if not real.startswith("/run/") or not Path(real).exists():
        return ()
    return (Bind(source=Path(real), target=real),)
