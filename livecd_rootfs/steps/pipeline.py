"""Tools that pass on streams: what one writes piece by piece, another one reads.

The pieces go through this process, which can look at them on their way. So the
two may be from the host and from the tools root, and each one's failure is told.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from livecd_rootfs import running
from livecd_rootfs.process import CommandError, Completed
from livecd_rootfs.steps.context import Context

# What a pipe may hold at most for an ordinary user: /proc/sys/fs/pipe-max-size.
CHUNK = 1 << 20


def produced(
    context: Context, argv: Sequence[str], *, bind: Sequence[Path] = ()
) -> Generator[bytes]:
    """What a tool writes to its output, in pieces.

    Args:
        context: the build; the tool runs in its directory.
        argv: the tool and its arguments.
        bind: what else it reads.

    Raises:
        CommandError: it failed.
    """
    started = time.monotonic()
    reader, writer = _pipe()
    with tempfile.TemporaryFile() as errors, _closing(reader):
        with Path(os.devnull).open("rb") as nothing, _closing(writer):
            streams = (nothing.fileno(), writer, errors.fileno())
            tool = context.tools.start(
                argv, streams=streams, cwd=context.build, env=context.environment(), bind=bind
            )
        try:
            while piece := os.read(reader, CHUNK):
                yield piece
        except BaseException:
            running.end(tool)
            raise
        _finish(argv, tool.wait(), errors, started)


def consumed(
    context: Context,
    argv: Sequence[str],
    pieces: Generator[bytes],
    target: Path,
    *,
    bind: Sequence[Path] = (),
) -> None:
    """Give a tool its input in pieces; what it writes becomes a file.

    Args:
        context: the build; the tool runs in its directory.
        argv: the tool and its arguments.
        pieces: its input; closed at the end, also when the tool wanted no more of it.
        target: the file.
        bind: what else it reads.

    Raises:
        CommandError: it failed.
    """
    started = time.monotonic()
    reader, writer = _pipe()
    with target.open("wb") as output, tempfile.TemporaryFile() as errors:
        with _closing(writer):
            with _closing(reader):
                streams = (reader, output.fileno(), errors.fileno())
                tool = context.tools.start(
                    argv,
                    streams=streams,
                    cwd=context.build,
                    env=context.environment(),
                    bind=bind,
                    shut=(writer,),
                )
            try:
                _feed(writer, pieces)
            except BaseException:
                running.end(tool)
                raise
        _finish(argv, tool.wait(), errors, started)


def of_file(path: Path) -> Generator[bytes]:
    """The content of a file, in pieces."""
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            yield piece


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    # Where an ordinary user has too many pipes already, they stay small.
    with suppress(PermissionError):
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, CHUNK)
    return reader, writer


def _closing(descriptor: int) -> IO[bytes]:
    return os.fdopen(descriptor, "rb", buffering=0)


def _feed(writer: int, pieces: Generator[bytes]) -> None:
    """Write until the end, or until nobody reads any more: why, the reader's status tells."""
    try:
        with suppress(BrokenPipeError):
            for piece in pieces:
                _write(writer, piece)
    finally:
        pieces.close()


def _write(writer: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(writer, rest) :]


def _finish(argv: Sequence[str], status: int, errors: IO[bytes], started: float) -> None:
    if status == 0:
        return
    errors.seek(0)
    raise CommandError(
        Completed(
            argv=tuple(argv),
            status=status,
            stdout="",
            stderr=errors.read().decode(errors="replace"),
            seconds=time.monotonic() - started,
        )
    )
