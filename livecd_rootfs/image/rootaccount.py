"""The account of root: its password, as a hash, and its shell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs import passwords
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, rooted
from livecd_rootfs.steps.context import Context

# The files and their fields, as shadow(5) and passwd(5) count them, from 0.
_SHADOW, _PASSWORD_FIELD = "etc/shadow", 1
_PASSWD, _SHELL_FIELD = "etc/passwd", 6


def configure(context: Context) -> Iterator[str]:
    """Write what is set; gives it in words.

    Raises:
        LivecdError: it can't be that, or the root lacks what it needs.
    """
    password = context.variables.get("ROOT_PASSWORD_HASH", "").strip()
    shell = context.variables.get("ROOT_SHELL", "").strip()
    if password:
        if not passwords.is_hash(password):
            raise LivecdError("ROOT_PASSWORD_HASH is not a hash", remedy="see crypt(5)")
        _set(context.chroot, _SHADOW, _PASSWORD_FIELD, password)
        yield "root's password"
    if shell:
        _must_be_program(context.chroot, shell)
        _set(context.chroot, _PASSWD, _SHELL_FIELD, shell)
        yield f"root's shell {shell}"


def _must_be_program(root: Path, shell: str) -> None:
    found = rooted.resolve(root, shell)
    if not shell.startswith("/") or not found.is_file() or not os.access(found, os.X_OK):
        raise LivecdError(
            f"root's shell can't be '{shell}': the root has no such program",
            remedy="add its package to Packages, and write its whole path, such as /bin/bash",
        )


def _set(root: Path, name: str, field: int, value: str) -> None:
    """Change a field of root's line; the file keeps its owner and mode, and is never half-written."""
    path = rooted.resolve(root, name)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not any(line.startswith("root:") for line in lines):
        raise LivecdError(
            f"the root has no account of root in /{name}", remedy="add passwd to Packages"
        )
    status = path.stat()
    with artifact.appearing(path) as part:
        part.touch(mode=0o600)
        part.write_text("".join(f"{_changed(line, field, value)}\n" for line in lines))
        os.chown(part, status.st_uid, status.st_gid)
        part.chmod(status.st_mode & 0o7777)


def _changed(line: str, field: int, value: str) -> str:
    fields = line.split(":")
    if fields[0] != "root" or len(fields) <= field:
        return line
    return ":".join((*fields[:field], value, *fields[field + 1 :]))
