"""One sparse file as a tar in GNU's old format, without its zeros.

The format is that of GNU tar's manual, "Storing Sparse Files" in appendix D: a
header of type ``S`` with four parts of the file, more headers with 21 parts
each, and what the parts hold. Which parts these are follows from the content
alone, in large steps: what a file system tells of a file's holes differs from
one to the next, and GNU tar's own search, in steps of 512 bytes, takes longer
than compressing what it finds.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from livecd_rootfs.steps import extents
from livecd_rootfs.values import Value

STEP = 1 << 16
BLOCK = 512
# tar(1) reads and writes records of 20 blocks.
RECORD = 20 * BLOCK
_ZEROS = bytes(STEP)
_IN_HEADER = 4
_IN_EXTENSION = 21
_OCTAL_DIGITS = 11
_SPARSE = b"S"


class Part(Value):
    """A part of a file that holds more than zeros; in bytes."""

    offset: int
    size: int

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.offset + self.size


def stream(path: Path, name: str, *, epoch: int) -> Generator[bytes]:
    """The tar of one file, in pieces.

    Args:
        path: the file.
        name: its name in the tar, at most 100 bytes.
        epoch: its time there, seconds since 1970.
    """
    with path.open("rb", buffering=0) as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        found = parts(descriptor, size)
        head = headers(name, size, found, epoch=epoch)
        yield head
        for part in found:
            for offset in range(part.offset, part.end, STEP):
                yield os.pread(descriptor, min(STEP, part.end - offset), offset)
    stored = sum(part.size for part in found)
    padding = -stored % BLOCK
    # Two blocks of zeros end a tar.
    end = len(head) + stored + padding + 2 * BLOCK
    yield bytes(padding + 2 * BLOCK + -end % RECORD)


def parts(descriptor: int, size: int) -> tuple[Part, ...]:
    """The parts of a file that are not all zeros, each beginning on a multiple of ``STEP``."""
    found: list[Part] = []
    for offset in _filled_steps(descriptor):
        step = Part(offset=offset, size=min(STEP, size - offset))
        if found and found[-1].end == offset:
            found[-1] = Part(offset=found[-1].offset, size=found[-1].size + step.size)
        else:
            found.append(step)
    return tuple(found)


def _filled_steps(descriptor: int) -> Iterator[int]:
    """The offsets of steps that hold something; holes are not read."""
    done = 0
    for start, end in extents.of(descriptor):
        for offset in range(max(done, start // STEP * STEP), end, STEP):
            step = os.pread(descriptor, STEP, offset)
            if step != _ZEROS[: len(step)]:
                yield offset
            done = offset + STEP


def headers(name: str, size: int, found: Sequence[Part], *, epoch: int) -> bytes:
    """All blocks that stand before the content.

    Args:
        name: the file's name.
        size: its size with its zeros.
        found: what of it is not zeros.
        epoch: its time.
    """
    # A part of no bytes at the end tells where the file ends, as GNU tar has it.
    listed = [*found, Part(offset=size, size=0)]
    first, rest = listed[:_IN_HEADER], listed[_IN_HEADER:]
    block = b"".join((
        name.encode().ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        _number(sum(part.size for part in found)),
        _number(epoch),
        b" " * 8,
        _SPARSE.ljust(101, b"\0"),
        b"ustar  \0".ljust(129, b"\0"),
        _entries(first, _IN_HEADER),
        b"\1" if rest else b"\0",
        _number(size),
    )).ljust(BLOCK, b"\0")  # fmt: skip
    checksum = f"{sum(block):06o}\0 ".encode()
    return block[:148] + checksum + block[156:] + _extensions(rest)


def _extensions(rest: Sequence[Part]) -> bytes:
    blocks = []
    for start in range(0, len(rest), _IN_EXTENSION):
        here, more = rest[start : start + _IN_EXTENSION], rest[start + _IN_EXTENSION :]
        entries = _entries(here, _IN_EXTENSION) + (b"\1" if more else b"\0")
        blocks.append(entries.ljust(BLOCK, b"\0"))
    return b"".join(blocks)


def _entries(listed: Sequence[Part], room: int) -> bytes:
    entries = b"".join(_number(part.offset) + _number(part.size) for part in listed)
    return entries.ljust(room * 24, b"\0")


def _number(value: int) -> bytes:
    """A number in 12 bytes: octal, or from 8 GiB on binary with the first bit set."""
    if value < 8**_OCTAL_DIGITS:
        return f"{value:0{_OCTAL_DIGITS}o}\0".encode()
    return b"\x80" + value.to_bytes(_OCTAL_DIGITS, "big")
