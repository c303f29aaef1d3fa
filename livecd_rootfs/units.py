"""Numbers for people, and those that they write: sizes and durations."""

from __future__ import annotations

MINUTE = 60
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def size(count: float) -> str:
    """Bytes with a binary unit, as in ``153.2 MiB``."""
    for unit in _UNITS[:-1]:
        if count < _STEP:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _STEP
    return f"{count:.1f} {_UNITS[-1]}"


def duration(seconds: float) -> str:
    """Seconds as in ``4.2 s`` or ``3 min 12 s``."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    return f"{int(seconds // MINUTE)} min {int(seconds % MINUTE)} s"


# What a file can have.
_MOST_BYTES = (1 << 63) - 1
_SUFFIXES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def byte_count(text: str) -> int:
    """A size such as ``3G``, ``512M`` or ``1048576``; suffixes are powers of 1024.

    A plus before it changes nothing.

    Raises:
        ValueError: it is not a size, or larger than a file can be.
    """
    upper = text.strip().upper().removesuffix("IB").removesuffix("B")
    suffix = upper[-1:] if upper[-1:] in _SUFFIXES else ""
    digits = upper.removesuffix(suffix).strip().removeprefix("+")
    count = int(digits) * _SUFFIXES[suffix] if digits.isdecimal() else -1
    if not 0 <= count <= _MOST_BYTES:
        raise ValueError(text)
    return count
