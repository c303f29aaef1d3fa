"""Writing a disk as a VMDK: grains compressed on all cores, in the order of the disk."""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from livecd_rootfs.steps import extents, vmdk
from livecd_rootfs.steps.vmdk import GRAIN, SECTOR, TABLE_ENTRIES, Disk, Mark

# Grains that a thread takes at once: enough that handing them over costs
# nothing, few enough that all threads have some to the end.
BATCH = 16
_ZEROES = bytes(GRAIN)

Grains = list[tuple[int, bytes]]


def write(source: Path, image: Path, disk: Disk, *, level: int) -> None:
    """Write a raw disk as a VMDK.

    The bytes depend on the content alone: neither on the number of cores nor on
    where the file has holes; these are not read, and grains of zeroes are left out.

    Args:
        source: the raw disk.
        image: the file to make.
        disk: its name, size and id.
        level: zlib's.
    """
    with source.open("rb") as reader, image.open("wb") as stream:
        _Writer(stream, disk).run(_compressed(reader.fileno(), disk.size, level))


def _compressed(descriptor: int, size: int, level: int) -> Iterator[tuple[int, bytes]]:
    """The grains that are not all zeroes, in order, with their markers.

    zlib lets other threads run. Some batches are under way at a time, no more,
    or the whole disk would end up in memory.
    """
    cores = len(os.sched_getaffinity(0))
    waiting: deque[Future[Grains]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for batch in batches(extents.of(descriptor), size):
            waiting.append(pool.submit(_compress, descriptor, batch, level))
            if len(waiting) > 2 * cores:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()


def batches(parts: Iterable[tuple[int, int]], size: int) -> Iterator[range]:
    """The grains that hold these parts of the disk, in order, some at a time.

    Args:
        parts: first bytes, and the ones after the last, in order.
        size: bytes of the disk; a reader that shows more is not asked for it.
    """
    done = 0
    for start, end in parts:
        first = max(done, start // GRAIN)
        done = max(done, -(-min(end, size) // GRAIN))
        for begin in range(first, done, BATCH):
            yield range(begin, min(begin + BATCH, done))


def _compress(descriptor: int, numbers: range, level: int) -> Grains:
    data = memoryview(os.pread(descriptor, len(numbers) * GRAIN, numbers.start * GRAIN))
    found: Grains = []
    for place, number in enumerate(numbers):
        content = bytes(data[place * GRAIN : (place + 1) * GRAIN]).ljust(GRAIN, b"\0")
        if content != _ZEROES:
            found.append((number, vmdk.grain(number, zlib.compress(content, level))))
    return found


class _Writer:
    """The stream as it grows: tables follow their grains, the directory follows all."""

    def __init__(self, stream: BinaryIO, disk: Disk) -> None:
        self._stream = stream
        self._disk = disk
        self._sector = 0
        self._directory = [0] * disk.tables
        self._table = [0] * TABLE_ENTRIES
        self._number: int | None = None

    def run(self, grains: Iterable[tuple[int, bytes]]) -> None:
        self._put(vmdk.head(self._disk))
        for number, block in grains:
            self._turn_to(number // TABLE_ENTRIES)
            self._table[number % TABLE_ENTRIES] = self._put(block)
        self._turn_to(None)
        directory = self._put(vmdk.marked(Mark.DIRECTORY, vmdk.entries(self._directory))) + 1
        footer = vmdk.header(self._disk, directory=directory)
        self._put(vmdk.marked(Mark.FOOTER, footer))
        self._put(vmdk.marked(Mark.END_OF_STREAM))

    def _turn_to(self, number: int | None) -> None:
        """Begin a table; the one before it is written behind its grains."""
        if number == self._number:
            return
        if self._number is not None:
            place = self._put(vmdk.marked(Mark.TABLE, vmdk.entries(self._table)))
            self._directory[self._number] = place + 1
        self._number, self._table = number, [0] * TABLE_ENTRIES

    def _put(self, block: bytes) -> int:
        """Write whole sectors; gives the first one's number."""
        place = self._sector
        self._stream.write(block)
        self._sector += len(block) // SECTOR
        return place
