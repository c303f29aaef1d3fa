"""IMAGE_SIZE: how big a disk is, or how much room it leaves; and BOOT_PARTITION_SIZE."""

from __future__ import annotations

from collections.abc import Mapping

from livecd_rootfs.errors import UsageError
from livecd_rootfs.units import byte_count
from livecd_rootfs.values import Value

IMAGE_SIZE = "IMAGE_SIZE"
BOOT_PARTITION_SIZE = "BOOT_PARTITION_SIZE"

MIB = 1 << 20
GIB = 1 << 30
# A disk's size is a multiple of this: some clouds refuse others (Azure's VHD).
STEP = MIB


class ImageSize(Value):
    """What was asked for.

    Attributes:
        total: bytes of the whole disk; ``None`` if it follows the content.
        head_room: bytes that stay free in the root file system, if it does.
    """

    total: int | None
    head_room: int


DEFAULT = ImageSize(total=None, head_room=GIB)


def of_image(variables: Mapping[str, str]) -> ImageSize:
    """The IMAGE_SIZE of an environment.

    ``+2G`` is the content and 2 GiB of head room, ``10G`` a disk of 10 GiB, a
    bare number is bytes, and nothing at all is ``+1G``. Units are powers of
    1024: K, M, G, T, also written KiB or KB.

    Raises:
        UsageError: it is none of these.
    """
    text = variables.get(IMAGE_SIZE, "").strip()
    if not text:
        return DEFAULT
    if text.startswith("+"):
        return ImageSize(total=None, head_room=_bytes(IMAGE_SIZE, text))
    return ImageSize(total=round_up(_bytes(IMAGE_SIZE, text), STEP), head_room=0)


def of_boot(variables: Mapping[str, str]) -> int:
    """The BOOT_PARTITION_SIZE of an environment in bytes; 0 if there is none.

    Raises:
        UsageError: it is no size; head room can't be asked for here.
    """
    text = variables.get(BOOT_PARTITION_SIZE, "").strip()
    if text.startswith("+"):
        raise _no_size(BOOT_PARTITION_SIZE, text)
    return round_up(_bytes(BOOT_PARTITION_SIZE, text), STEP) if text else 0


def _bytes(name: str, text: str) -> int:
    try:
        return byte_count(text)
    except ValueError:
        raise _no_size(name, text) from None


def _no_size(name: str, text: str) -> UsageError:
    head_room = "`+2G` for 2 GiB of head room, " if name == IMAGE_SIZE else ""
    return UsageError(
        f"{name} is '{text}', which is no size", remedy=f"{head_room}`10G` for 10 GiB"
    )


def round_up(count: int, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``count``."""
    return -(-count // step) * step
