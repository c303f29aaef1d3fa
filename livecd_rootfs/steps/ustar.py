"""A tar file in the order that its reader wants, with one time and no owner: OVA and boxes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.values import Value

# Eleven octal digits (POSIX.1-1988, "ustar"); importers know no later form for longer files.
MOST_BYTES = 8**11 - 1


class Member(Value):
    """A file: its name in the archive, and its content, or where that is."""

    name: str
    content: bytes | Path
    mode: int = 0o644

    @property
    def size(self) -> int:
        """Bytes."""
        content = self.content
        return content.stat().st_size if isinstance(content, Path) else len(content)


def write(path: Path, members: Sequence[Member], *, epoch: int) -> None:
    """Write the archive.

    Args:
        path: the file to make.
        members: in the order in which they will stand.
        epoch: the time of each, seconds since 1970.

    Raises:
        LivecdError: one of them is too large for the format.
    """
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for member in members:
            with _opened(member.content) as stream:
                archive.addfile(_header(member, epoch), stream)


def _header(member: Member, epoch: int) -> tarfile.TarInfo:
    if member.size > MOST_BYTES:
        raise LivecdError(
            f"{member.name} is larger than the 8 GiB that such an archive can hold",
            remedy="make it smaller with IMAGE_SIZE or --compression small",
        )
    header = tarfile.TarInfo(member.name)
    header.size, header.mtime, header.mode = member.size, epoch, member.mode
    return header


def _opened(content: bytes | Path) -> IO[bytes]:
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
