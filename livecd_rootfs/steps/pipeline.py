"""Tools that pass on streams: what one writes piece by piece, another one reads.

Where nobody has to look at the pieces, the kernel alone passes them on, and this
process is free for other work. Either way the two may be from the host and from
the tools root, and each one's failure is told.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from livecd_rootfs import running
from livecd_rootfs.process import CommandError, Completed
from livecd_rootfs.running import Running
from livecd_rootfs.steps.context import Context
from livecd_rootfs.values import Value

# What a pipe may hold at most for an ordinary user: /proc/sys/fs/pipe-max-size.
CHUNK = 1 << 20

Look = Callable[[bytes], object]


class Command(Value):
    """A tool, its arguments, and what it reads outside of the build directory."""

    argv: Sequence[str]
    bind: Sequence[Path] = ()


@contextmanager
def beside(context: Context, argv: Sequence[str]) -> Iterator[None]:
    """Run a tool while the block runs, until both are done.

    Args:
        context: the build; the tool runs in its directory.
        argv: the tool and its arguments.

    Raises:
        CommandError: it failed.
    """
    with TemporaryFile() as errors, _input(()) as nothing:
        tool = _start(context, Command(argv=argv), (nothing, errors.fileno()), errors)
        with _ended_with(tool):
            yield
        tool.finish()


@contextmanager
def joined(
    context: Context,
    first: Command,
    second: Command,
    output: IO[bytes],
    *,
    look: Look | None = None,
    given: Generator[bytes] | None = None,
) -> Iterator[None]:
    """Run two tools while the block runs, until all are done: one reads what the other writes.

    The block must start no process: while a thread looks, forking is not safe.

    Args:
        context: the build; the tools run in its directory.
        first: writes to its output.
        second: reads that as its input.
        output: a file, unbuffered, where the second one's output goes.
        look: gets each piece on its way, in another thread; without it the kernel alone
            passes them on.
        given: the input of the first one, in pieces; all of it is read before the block runs.

    Raises:
        CommandError: one of them failed; if both did, the reader is told of, since
            a writer fails when nobody reads.
    """
    with ExitStack() as stack, TemporaryFile() as words, TemporaryFile() as others:
        inlet, inlet_writer = map(stack.enter_context, map(_closing, _pipe()))
        source, writer = map(stack.enter_context, map(_closing, _pipe()))
        ours = [inlet_writer.fileno()]
        with inlet, writer:
            streams = (inlet.fileno(), writer.fileno())
            writing = _start(context, first, streams, words, shut=(*ours, source.fileno()))
        with _ended_with(writing):
            if look is None:
                reading = _reading(context, second, (source, output), others, shut=ours)
            else:
                between, onward = map(stack.enter_context, map(_closing, _pipe()))
                ours += [source.fileno(), onward.fileno()]
                reading = _reading(context, second, (between, output), others, shut=ours)
                _pass_on(stack, source, onward, look)
            with _ended_with(reading):
                with inlet_writer:
                    _feed(inlet_writer.fileno(), given or _no_pieces())
                yield
            reading.finish()
        writing.finish()


def _no_pieces() -> Generator[bytes]:
    yield from ()


def _reading(
    context: Context,
    command: Command,
    streams: tuple[IO[bytes], IO[bytes]],
    errors: IO[bytes],
    *,
    shut: Sequence[int] = (),
) -> _Tool:
    """Start a tool on its input, which this process then has no more."""
    given, output = streams
    with given:
        return _start(context, command, (given.fileno(), output.fileno()), errors, shut=shut)


def _pass_on(stack: ExitStack, source: IO[bytes], target: IO[bytes], look: Look) -> None:
    """Pass pieces on in a thread that the stack waits for, and close both ends."""

    def pieces() -> Generator[bytes]:
        with source:
            while piece := os.read(source.fileno(), CHUNK):
                look(piece)
                yield piece

    def work() -> None:
        with target:
            _feed(target.fileno(), pieces())

    thread = Thread(target=work)
    thread.start()
    stack.callback(thread.join)


def produced(
    context: Context,
    argv: Sequence[str],
    *,
    bind: Sequence[Path] = (),
    given: Iterable[bytes] = (),
) -> Generator[bytes]:
    """What a tool writes to its output, in pieces.

    Args:
        context: the build; the tool runs in its directory.
        argv: the tool and its arguments.
        bind: what else it reads.
        given: its input.

    Raises:
        CommandError: it failed.
    """
    command = Command(argv=argv, bind=bind)
    reader, writer = _pipe()
    with TemporaryFile() as errors, _closing(reader):
        with _input(given) as stdin, _closing(writer):
            tool = _start(context, command, (stdin, writer), errors)
        with _ended_with(tool):
            while piece := os.read(reader, CHUNK):
                yield piece
        tool.finish()


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
    command = Command(argv=argv, bind=bind)
    reader, writer = _pipe()
    with target.open("wb") as output, TemporaryFile() as errors:
        with _closing(writer):
            with _closing(reader):
                streams = (reader, output.fileno())
                tool = _start(context, command, streams, errors, shut=(writer,))
            with _ended_with(tool):
                _feed(writer, pieces)
        tool.finish()


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


class _Tool(Value):
    """A tool that was started."""

    argv: Sequence[str]
    running: Running
    errors: IO[bytes]
    started: float

    def finish(self) -> None:
        """Wait for its end.

        Raises:
            CommandError: it failed.
        """
        status = self.running.wait()
        if status == 0:
            return
        self.errors.seek(0)
        raise CommandError(
            Completed(
                argv=tuple(self.argv),
                status=status,
                stdout="",
                stderr=self.errors.read().decode(errors="replace"),
                seconds=time.monotonic() - self.started,
            )
        )


def _start(
    context: Context,
    command: Command,
    streams: tuple[int, int],
    errors: IO[bytes],
    *,
    shut: Sequence[int] = (),
) -> _Tool:
    started = time.monotonic()
    tool = context.tools.start(
        command.argv,
        streams=(*streams, errors.fileno()),
        cwd=context.build,
        env=context.environment(),
        bind=command.bind,
        shut=shut,
    )
    return _Tool(argv=command.argv, running=tool, errors=errors, started=started)


@contextmanager
def _ended_with(tool: _Tool) -> Iterator[None]:
    """Nobody needs the tool any more if the block fails."""
    try:
        yield
    except BaseException:
        running.end(tool.running)
        raise


@contextmanager
def _input(pieces: Iterable[bytes]) -> Iterator[int]:
    """An input that is there as a whole."""
    with TemporaryFile() as stream:
        stream.writelines(pieces)
        stream.seek(0)
        yield stream.fileno()
