"""IMAGE_SIZE: how big a disk is, or how much room it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from livecd_rootfs.errors import UsageError

MIB = 1 << 20
GIB = 1 << 30
# A disk's size is a multiple of this: some clouds refuse others (Azure's VHD).
STEP = MIB
_UNITS = {"": 1, "K": 1 << 10, "M": MIB, "G": GIB, "T": 1 << 40}
_SIZE = re.compile(r"(\+?)(\d+)([KMGT]?)(?:i?B)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSize:
    """What was asked for.

    Attributes:
        total: bytes of the whole disk; ``None`` if it follows the content.
        head_room: bytes that stay free in the root file system, if it does.
    """

    total: int | None
    head_room: int


DEFAULT = ImageSize(total=None, head_room=GIB)


def parse(text: str) -> ImageSize:
    """Read an IMAGE_SIZE.

    ``+2G`` is the content and 2 GiB of head room, ``10G`` a disk of 10 GiB, a
    bare number is bytes, and nothing at all is ``+1G``. Units are powers of
    1024: K, M, G, T, also written KiB or KB.

    Raises:
        UsageError: it is none of these.
    """
    if not text:
        return DEFAULT
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"IMAGE_SIZE is '{text}', which is no size",
            remedy="`+2G` for 2 GiB of head room, `10G` for a disk of 10 GiB",
        )
    plus, number, unit = match.groups()
    count = int(number) * _UNITS[unit.upper()]
    if plus:
        return ImageSize(total=None, head_room=count)
    return ImageSize(total=round_up(count, STEP), head_room=0)


def round_up(count: int, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``count``."""
    return -(-count // step) * step
