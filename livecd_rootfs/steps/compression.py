"""How hard artifacts are compressed: ``--compression``, and what it means for each format.

One wish for all formats, because one who is in a hurry is so for all of them.
What it comes to is decided here, from measurements of one root (see the README
and ``benchmarks/compression.py``), and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from livecd_rootfs.steps import pipeline
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.pipeline import Command
from livecd_rootfs.values import Value
from livecd_rootfs.variants import COMPRESSION_DEFAULT, COMPRESSIONS

VARIABLE = "COMPRESSION"


class Format(Enum):
    """What is compressed; a name that ends in an algorithm's suffix leaves only its level open."""

    SQUASHFS = "squashfs"
    QCOW2 = "qcow2"
    XZ = "xz"
    ZSTD = "zstd"
    GZIP = "gzip"
    # The grains of a VMDK: RFC 1951 in RFC 1950's frame, from zlib.
    DEFLATE = "deflate"


class Method(Value):
    """An algorithm and its level; no level where the format leaves no choice.

    Attributes:
        algorithm: its name.
        level: its level.
        cluster: KiB that are compressed at once; ``None`` for what the tool takes by itself.
    """

    algorithm: str
    level: int | None = None
    cluster: int | None = None

    def __str__(self) -> str:
        level = "" if self.level is None else f" -{self.level}"
        cluster = "" if self.cluster is None else f" in clusters of {self.cluster} KiB"
        return f"{self.algorithm}{level}{cluster}"


def _levels(algorithm: str, *levels: int) -> Mapping[str, Method]:
    methods = (Method(algorithm=algorithm, level=level) for level in levels)
    return MappingProxyType(dict(zip(COMPRESSIONS, methods, strict=True)))


_SQUASHFS_ZSTD = Method(algorithm="zstd", level=6)
_SQUASHFS_XZ = Method(algorithm="xz")
_QCOW2_ZSTD = Method(algorithm="zstd")

# By format, and by what was wished for.
DECISIONS: Mapping[Format, Mapping[str, Method]] = MappingProxyType(
    {
        Format.SQUASHFS: MappingProxyType(
            {
                "fast": Method(algorithm="zstd", level=3),
                "balanced": _SQUASHFS_ZSTD,
                "small": _SQUASHFS_XZ,
            }
        ),
        # qemu-img takes no level. Its zstd is smaller than its zlib and several times as fast.
        # Clusters of 512 KiB instead of 64 save 3 to 4 %, those of 2 MiB hardly more; a
        # guest that reads one block unpacks a whole one.
        Format.QCOW2: MappingProxyType(
            {
                "fast": _QCOW2_ZSTD,
                "balanced": _QCOW2_ZSTD,
                "small": Method(algorithm="zstd", cluster=512),
            }
        ),
        Format.XZ: _levels("xz", 0, 1, 6),
        Format.ZSTD: _levels("zstd", 1, 3, 19),
        Format.GZIP: _levels("gzip", 1, 6, 9),
        # Of one disk level 5 takes 9.6 s of the processor and 213.4 MB, level 6 13.6 and 212.4.
        Format.DEFLATE: _levels("deflate", 1, 5, 9),
    }
)

# The variables of single formats, which were there before and win: algorithm by its name.
NAMED: Mapping[Format, tuple[str, Mapping[str, Method]]] = MappingProxyType(
    {
        Format.SQUASHFS: ("SQUASHFS_COMPRESSION", {"zstd": _SQUASHFS_ZSTD, "xz": _SQUASHFS_XZ}),
        Format.QCOW2: (
            "QCOW2_COMPRESSION",
            {"zstd": _QCOW2_ZSTD, "zlib": Method(algorithm="zlib")},
        ),
    }
)


def of(context: Context, what: Format) -> Method:
    """How a build compresses one of its formats.

    COMPRESSION is ``fast``, ``balanced`` or ``small``; SQUASHFS_COMPRESSION and
    QCOW2_COMPRESSION, where they are set, name the algorithm of that one format.

    Args:
        context: gives the variables.
        what: the format.

    Raises:
        UsageError: a variable has a value that is none of its own.
    """
    wish = context.choice(VARIABLE, COMPRESSIONS, default=COMPRESSION_DEFAULT)
    if what in NAMED:
        variable, methods = NAMED[what]
        if context.variables.get(variable):
            return methods[context.choice(variable, tuple(methods))]
    return DECISIONS[what][wish]


def by(context: Context, algorithm: str) -> Method:
    """How hard a build compresses by an algorithm that it was told: ``xz``, ``zstd`` or ``gzip``.

    Raises:
        UsageError: COMPRESSION has a value that is none of its own.
    """
    return of(context, Format(algorithm))


def to_file(context: Context, method: Method, pieces: Generator[bytes], target: Path) -> None:
    """Compress a stream into a file, on all cores.

    Args:
        context: the build.
        method: ``xz``, ``zstd`` or ``gzip``.
        pieces: the stream.
        target: the file.

    Raises:
        CommandError: the compressor failed.
    """
    pipeline.consumed(context, command(method).argv, pieces, target)


def command(method: Method) -> Command:
    """The tool that compresses its input by a method, on all cores."""
    return Command(argv=stream_argv(method, len(os.sched_getaffinity(0))))


def stream_argv(method: Method, cores: int) -> list[str]:
    """The command that compresses its input, with the same result on any number of cores.

    xz takes as many threads as there are cores and memory, and splits its input
    alike also for one. zstd does so for a number of at least one, pigz for one
    of at least two.
    """
    level = f"-{method.level}"
    commands = {
        "xz": ["xz", "--threads=0", level, "--stdout"],
        "zstd": ["zstd", "-q", f"-T{cores}", level, "--stdout"],
        "gzip": ["pigz", "-n", "-p", str(max(2, cores)), level, "--stdout"],
    }
    return commands[method.algorithm]
