"""Commands that run inside a target root, with the target's own programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from livecd_rootfs import sandbox
from livecd_rootfs.mounts import Bind, Devices, Proc, Tmpfs
from livecd_rootfs.process import Completed
from livecd_rootfs.sandbox import Sandbox
from livecd_rootfs.steps.context import Context

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(
    context: Context,
    root: Path,
    argv: Sequence[str],
    *,
    private: Sequence[str] = (),
    show: Mapping[str, Path] = MappingProxyType({}),
) -> Completed:
    """Run a command with a target root as its root, without network.

    Args:
        context: gives the times.
        root: the target root.
        argv: program and arguments.
        private: directories of the root for which it gets empty ones in
            memory, besides /tmp and /run: what it writes there is lost.
        show: files of the host that it reads, by their names inside.

    Raises:
        CommandError: it failed.
    """
    inside = Sandbox(
        root=root,
        operations=(
            Proc(),
            Devices(),
            Tmpfs(target="/run"),
            Tmpfs(target="/tmp", mode=0o1777),  # noqa: S108 (the sandbox's own)
            *(Tmpfs(target=path) for path in private if (root / path.lstrip("/")).is_dir()),
            *(Bind(source=path, target=name) for name, path in show.items()),
        ),
        env=context.environment(PATH=PATH, DEBIAN_FRONTEND="noninteractive", HOME="/root"),
        network=False,
    )
    return sandbox.run(inside, argv)
