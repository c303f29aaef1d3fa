"""Room in memory for a step that writes a lot of small files, which a disk is slow at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livecd_rootfs import kernel

# A bootstrap of a cloud image needs some 800 MiB with its downloads; less would only fail.
LEAST_BYTES = 2 << 30
SHARE = 2
_KIB = 1024


@contextmanager
def room(place: Path, available: int) -> Iterator[Path | None]:
    """A tmpfs for one step, or ``None`` where memory is short.

    Args:
        place: an empty directory, in a private mount namespace.
        available: bytes that processes can have without swapping; half is the most it takes.
    """
    size = available // SHARE
    if size < LEAST_BYTES:
        yield None
        return
    kernel.mount("tmpfs", place, "tmpfs", 0, f"size={size},mode=0755")
    try:
        yield place
    finally:
        kernel.unmount(place)


def available_bytes(meminfo: str) -> int:
    """MemAvailable of the text of /proc/meminfo (proc(5)); 0 where it is not told."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * _KIB
    return 0
