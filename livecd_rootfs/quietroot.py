"""A target root in which commands can run: they find name servers, and no service starts.

Afterwards its resolv.conf and its policy-rc.d are as they were, or as a command
has made them on purpose.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Bind, Devices, Operation, Proc, Sys, Tmpfs

POLICY = "usr/sbin/policy-rc.d"
POLICY_TEXT = "#!/bin/sh\n# No service starts while an image is built (invoke-rc.d, 101 = forbidden).\nexit 101\n"
RESOLVER = "etc/resolv.conf"


def operations(root: Path) -> tuple[Operation, ...]:
    """The file systems that a command expects in its root, all of them its own."""
    return (
        Proc(),
        Devices(),
        Sys(),
        Tmpfs(target="/run"),
        Tmpfs(target="/tmp", mode=0o1777),  # noqa: S108 (the sandbox's own)
        *_stub_resolver(root),
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
def quiet(root: Path) -> Iterator[None]:
    """Put name servers and a policy-rc.d into a root, and take them out again.

    Raises:
        LivecdError: a link in the root leads our writes out of it.
    """
    for path in (RESOLVER, POLICY):
        refuse_escape(root, Path(path).parent)
    with _resolver(root / RESOLVER), _policy(root / POLICY):
        yield


def refuse_escape(root: Path, folder: Path) -> None:
    """A root may come from anywhere: a link in it must not lead our writes out of it.

    Raises:
        LivecdError: it does.
    """
    top = root.resolve()
    if not (root / folder).resolve().is_relative_to(top):
        raise LivecdError(
            f"the target root's /{folder} is a link that leads out of it",
            place=str(root / folder),
            remedy="build from another --base",
        )


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
    write_anew(path, ours, mode)
    try:
        yield
    finally:
        _restore(path, saved, ours)


def write_anew(path: Path, content: bytes, mode: int) -> None:
    """Write a file, in place of a link that lies there and not through it."""
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
