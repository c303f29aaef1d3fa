"""Paths of a target root, seen from outside: its links lead within it, never out of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from livecd_rootfs.errors import LivecdError

# What the kernel allows while it follows one path (path_resolution(7)).
MAX_LINKS = 40
_NO_LINK = (errno.EINVAL, errno.ENOENT, errno.ENOTDIR)


def resolve(root: Path, path: str) -> Path:
    """The file outside that ``path`` means inside.

    Args:
        root: the target root.
        path: a path in it, with or without a leading slash; it need not exist.

    Raises:
        LivecdError: its links go round in a circle.
    """
    top = os.fspath(root)
    pending = _parts(path)
    done = ""
    links = 0
    while pending:
        part = pending.pop()
        if part == "..":
            done = done.rpartition("/")[0]
            continue
        target = _target(f"{top}{done}/{part}")
        if target is None:
            done = f"{done}/{part}"
            continue
        links += 1
        if links > MAX_LINKS:
            raise LivecdError(f"/{path.lstrip('/')}: {os.strerror(errno.ELOOP)}", place=top)
        done = "" if target.startswith("/") else done
        pending += _parts(target)
    return root.joinpath(done[1:])


def _target(path: str) -> str | None:
    """Where a link leads; ``None`` for what is none, or is not there."""
    try:
        return os.readlink(path)  # noqa: PTH115 (thousands of these, and a Path costs more)
    except OSError as error:
        if error.errno in _NO_LINK:
            return None
        raise


def _parts(path: str) -> list[str]:
    """The parts of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in {"", "."}]


def first_file(root: Path, *paths: str) -> Path | None:
    """The first of these that is a file in the root."""
    return next((found for path in paths if (found := resolve(root, path)).is_file()), None)


def text(root: Path, path: str) -> str:
    """The text of a file in the root; empty when there is none."""
    found = resolve(root, path)
    return found.read_text(encoding="utf-8", errors="replace") if found.is_file() else ""


def write(root: Path, path: str, content: str | bytes) -> None:
    """Write a file of the root, and the directories above it."""
    target = resolve(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    target.chmod(0o644)
