"""An account for who runs a script in a root that does not know them: shown to it, never in the root.

Without an entry in passwd(5) programs such as git, ssh and whoami fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.mounts import Bind
from livecd_rootfs.sandbox import User
from livecd_rootfs.steps import rooted

NAME = "builder"
HOME = "/tmp"  # noqa: S108 (the sandbox's own)


def shown(root: Path, user: User, folder: Path) -> tuple[Bind, ...]:
    """What shows a root's users and groups to a command, with those of ``user`` among them.

    Args:
        root: the target root.
        user: as whom the command runs.
        folder: where the files may be made.
    """
    return (
        *_with(root, "passwd", user.uid, f"{user.uid}:{user.gid}::{HOME}:/bin/sh", folder),
        *_with(root, "group", user.gid, f"{user.gid}:", folder),
    )


def _with(root: Path, file: str, number: int, fields: str, folder: Path) -> Iterator[Bind]:
    """A file of accounts with one more line; none if the number has one (passwd(5), group(5))."""
    known = rooted.text(root, f"etc/{file}")
    lines = [line.split(":") for line in known.splitlines()]
    if any(line[2:3] == [str(number)] for line in lines):
        return
    taken = {line[0] for line in lines}
    name = NAME if NAME not in taken else f"{NAME}-{number}"
    made = folder / file
    end = "" if not known or known.endswith("\n") else "\n"
    made.write_text(f"{known}{end}{name}:x:{fields}\n", encoding="utf-8", errors="replace")
    yield Bind(source=made, target=f"/etc/{file}")
