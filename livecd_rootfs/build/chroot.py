"""Running a hook inside the target root, as live-build does, and leaving no trace of that.

The hook is ``/root/NAME``, the build's configuration ``/root/config``,
read-only. While it runs the root has a working resolv.conf and a policy-rc.d
that keeps services from starting; afterwards both are as they were.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Bind, Devices, Operation, Proc, Tmpfs
from livecd_rootfs.sandbox import Sandbox

POLICY = "usr/sbin/policy-rc.d"
POLICY_TEXT = "#!/bin/sh\n# No service starts while an image is built (invoke-rc.d, 101 = forbidden).\nexit 101\n"
RESOLVER = "etc/resolv.conf"
CONFIG = "root/config"


def sandbox(root: Path, config: Path, env: Mapping[str, str], *, network: bool) -> Sandbox:
    """What a chroot hook sees."""
    return Sandbox(
        root=root,
        operations=(
            Proc(),
            Devices(),
            Bind(source=Path("/sys"), target="/sys", optional=True),
            Tmpfs(target="/run"),
            Tmpfs(target="/tmp", mode=0o1777),  # noqa: S108 (the sandbox's own)
            Bind(source=config, target=f"/{CONFIG}"),
            *_stub_resolver(root),
        ),
        cwd="/root",
        env=env,
        network=network,
    )


def _stub_resolver(root: Path) -> tuple[Operation, ...]:
    """Where resolv.conf is a link into /run, its target is put into the private /run."""
    link = root / RESOLVER
    target = os.path.normpath(Path("/etc") / link.readlink()) if link.is_symlink() else ""
    host = Path("/", RESOLVER)
    if not target.startswith("/run/") or not host.exists():
        return ()
    return (Bind(source=host, target=target),)


@contextmanager
def scaffold(root: Path, hook: Path) -> Iterator[str]:
    """Put what a hook needs into the root, and take it out again; gives the hook's path inside.

    Args:
        root: the target root.
        hook: the script; a copy of it is run.
    """
    for path in (CONFIG, RESOLVER, POLICY):
        _refuse_escape(root, Path(path).parent)
    inside = root / "root" / hook.name
    _put(root, hook, inside)
    try:
        with _resolver(root / RESOLVER), _policy(root / POLICY):
            yield f"/root/{hook.name}"
    finally:
        inside.unlink(missing_ok=True)
        _remove_if_empty(root / CONFIG)


def _put(root: Path, hook: Path, inside: Path) -> None:
    try:
        inside.parent.mkdir(mode=0o700, exist_ok=True)
        (root / CONFIG).mkdir(exist_ok=True)
        _write_anew(inside, hook.read_bytes(), 0o755)
    except OSError as error:
        raise LivecdError(
            f"{hook.name} can't be put into the target root",
            place=str(inside),
            why=error.strerror,
            remedy="see what earlier hooks, or the base, have made of that place",
        ) from error


def _refuse_escape(root: Path, folder: Path) -> None:
    """A root may come from anywhere: a link in it must not lead our writes out of it."""
    top = root.resolve()
    if not (root / folder).resolve().is_relative_to(top):
        raise LivecdError(
            f"the target root's /{folder} is a link that leads out of it",
            place=str(root / folder),
            remedy="build from another --base",
        )


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    """A file or a link as it was: the other of ``content`` and ``link`` is ``None``.

    Both are when there was nothing.
    """

    content: bytes | None = None
    link: str | None = None
    status: os.stat_result | None = None


def _save(path: Path) -> _Saved:
    if path.is_symlink():
        return _Saved(link=str(path.readlink()))
    if not path.exists():
        return _Saved()
    return _Saved(content=path.read_bytes(), status=path.stat())


def _restore(path: Path, saved: _Saved, ours: bytes) -> None:
    """Undo our own content only: what a hook put there on purpose stays."""
    if path.is_symlink() or not path.is_file() or path.read_bytes() != ours:
        return
    path.unlink()
    if saved.link is not None:
        path.symlink_to(saved.link)
    elif saved.content is not None and saved.status is not None:
        path.write_bytes(saved.content)
        os.chown(path, saved.status.st_uid, saved.status.st_gid)
        path.chmod(saved.status.st_mode & 0o7777)
        os.utime(path, ns=(saved.status.st_atime_ns, saved.status.st_mtime_ns))


@contextmanager
def _replaced(path: Path, ours: bytes, mode: int) -> Iterator[None]:
    """Our file in place of another, or of a link, which must not lead our writing elsewhere."""
    if path.exists() and not path.is_symlink() and not path.is_file():
        yield  # whoever made a directory of it wanted none of ours
        return
    saved = _save(path)
    _write_anew(path, ours, mode)
    try:
        yield
    finally:
        _restore(path, saved, ours)


def _write_anew(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


@contextmanager
def _resolver(path: Path) -> Iterator[None]:
    """The host's name servers, for the hook only; a link is left alone."""
    host = Path("/", RESOLVER)
    if path.is_symlink() or not path.parent.is_dir() or not host.is_file():
        yield
        return
    with _replaced(path, host.read_bytes(), 0o644):
        yield


@contextmanager
def _policy(path: Path) -> Iterator[None]:
    if not path.parent.is_dir():
        yield
        return
    with _replaced(path, POLICY_TEXT.encode(), 0o755):
        yield
