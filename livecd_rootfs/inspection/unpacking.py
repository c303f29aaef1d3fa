"""Compressed files, unpacked into the scratch directory with holes where nothing is."""

from __future__ import annotations

import lzma
import zlib
from bz2 import BZ2File
from collections.abc import Callable, Mapping
from gzip import GzipFile
from lzma import LZMAFile
from pathlib import Path

from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.tree import Readable
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.process import CommandError

_CHUNK = 1 << 20
_ZEROS = bytes(_CHUNK)
_OPENERS: Mapping[str, Callable[[Path], GzipFile | LZMAFile | BZ2File]] = {
    "gzip": GzipFile,
    "xz": LZMAFile,
    "bzip2": BZ2File,
}


def unpack(bench: Bench, path: Path, compression: str) -> Path:
    """The content of a compressed file, as a file.

    Args:
        bench: where it comes to lie.
        path: the file.
        compression: gzip, xz, bzip2 or zstd.

    Raises:
        Unreadable: it is damaged.
    """
    target = bench.place(".unpacked")
    try:
        if compression == "zstd":
            bench.run(["zstd", "-d", "-q", "-f", "--sparse", path, "-o", target.name], path)
        else:
            with _OPENERS[compression](path) as stream:
                copy(stream, target)
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise _damaged(compression, str(error)) from error
    except OSError as error:
        if error.errno:
            raise
        raise _damaged(compression, str(error)) from error
    except CommandError as error:
        said = error.completed.stderr.strip().rpartition(": ")[2]
        raise _damaged(compression, said) from error
    return target


def copy(stream: Readable, target: Path) -> None:
    """Write a stream into a file, which is sparse where the stream is zero."""
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            if chunk == _ZEROS[: len(chunk)]:
                out.seek(len(chunk), 1)
            else:
                out.write(chunk)
        out.truncate()


def _damaged(compression: str, why: str) -> Unreadable:
    return Unreadable(f"it is no whole {compression} file", why=why.strip() or None)
