"""Running a hook inside the target root, as live-build does, and leaving no trace of that.

The hook is ``/root/NAME``, the build's configuration ``/root/config``,
read-only. While it runs the root has a working resolv.conf and a policy-rc.d
that keeps services from starting; afterwards both are as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import quietroot
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Bind
from livecd_rootfs.sandbox import Sandbox

CONFIG = "root/config"


def sandbox(root: Path, config: Path, env: Mapping[str, str], *, network: bool) -> Sandbox:
    """What a chroot hook sees."""
    return Sandbox(
        root=root,
        operations=(
            *quietroot.operations(root),
            Bind(source=config, target=f"/{CONFIG}"),
        ),
        cwd="/root",
        env=env,
        network=network,
    )


@contextmanager
def scaffold(root: Path, hook: Path) -> Iterator[str]:
    """Put what a hook needs into the root, and take it out again; gives the hook's path inside.

    Args:
        root: the target root.
        hook: the script; a copy of it is run.
    """
    quietroot.refuse_escape(root, Path(CONFIG).parent)
    inside = root / "root" / hook.name
    with quietroot.quiet(root):
        _put(root, hook, inside)
        try:
            yield f"/root/{hook.name}"
        finally:
            inside.unlink(missing_ok=True)
            _remove_if_empty(root / CONFIG)


def _put(root: Path, hook: Path, inside: Path) -> None:
    try:
        inside.parent.mkdir(mode=0o700, exist_ok=True)
        (root / CONFIG).mkdir(exist_ok=True)
        quietroot.write_anew(inside, hook.read_bytes(), 0o755)
    except OSError as error:
        raise LivecdError(
            f"{hook.name} can't be put into the target root",
            place=str(inside),
            why=error.strerror,
            remedy="see what earlier hooks, or the base, have made of that place",
        ) from error


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
