"""A running virtual machine: its console as events, its end, and nothing of it left behind."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs.boot.watcher import Event, Watcher
from livecd_rootfs.running import Running, end
from livecd_rootfs.tools import Toolbox

TICK_SECONDS = 0.25
KVM_BROKEN = "KVM internal error"
_CHUNK = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passes, at most TICK_SECONDS since the last event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The emulator is gone, or stopped the guest for good; ``errors`` is what it said."""

    errors: str


@dataclass(slots=True, kw_only=True)
class Machine:
    """A virtual machine that runs.

    Attributes:
        running: the emulator.
        console: descriptor that gives what the guest prints on its serial port.
        keyboard: descriptor of what the guest reads from there.
        errors: file with what the emulator itself said.
        sink: is called with all that the console prints.
        watcher: makes events of it.
        started: time.monotonic() of the start.
        heard: the same of the console's last bytes, or of the start.
    """

    running: Running
    console: int
    keyboard: int
    errors: Path
    sink: Callable[[bytes], None]
    watcher: Watcher = field(default_factory=Watcher)
    started: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.started

    @property
    def silence(self) -> float:
        """How long the console has printed nothing, in seconds."""
        return time.monotonic() - self.heard

    def events(self) -> Iterator[Event | Tick | Ended]:
        """What happens, as it happens; the last is ``Ended``."""
        while True:
            chunk = self.read(TICK_SECONDS)
            if chunk:
                yield from self.watcher.feed(chunk)
            if chunk == b"" or self.kvm_gave_up():
                yield Ended(errors=self.said())
                return
            yield Tick()

    def said(self) -> str:
        """What the emulator itself said."""
        return self.errors.read_text(errors="replace")

    def kvm_gave_up(self) -> bool:
        """Whether KVM met something that it can't run; QEMU then stays, with a stopped guest."""
        return KVM_BROKEN in self.said()

    def read(self, seconds: float) -> bytes | None:
        """The console's next bytes, empty at its end; ``None`` if none come in that time."""
        ready, _, _ = select.select([self.console], [], [], seconds)
        if not ready:
            return None
        chunk = os.read(self.console, _CHUNK)
        self.sink(chunk)
        self.heard = time.monotonic()
        return chunk

    def settle(self, seconds: float) -> None:
        """Let the console print on for a moment, so that a message is complete."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            chunk = self.read(TICK_SECONDS)
            if chunk == b"":
                return
            self.watcher.feed(chunk or b"")


@contextlib.contextmanager
def start(
    toolbox: Toolbox,
    argv: Sequence[str],
    *,
    directory: Path,
    show: Sequence[Path],
    devices: Sequence[Path],
    sink: Callable[[bytes], None],
) -> Iterator[Machine]:
    """A machine that runs until the block is left, however it is left.

    Args:
        toolbox: where the emulator is from.
        argv: its command line.
        directory: for its files.
        show: what else it reads.
        devices: devices of this host that it opens.
        sink: gets all that the console prints.
    """
    errors = directory / "errors"
    with contextlib.ExitStack() as ours:
        with contextlib.ExitStack() as theirs:
            stdin, keyboard = _pipe(read=theirs, write=ours)
            console, stdout = _pipe(read=ours, write=theirs)
            said = theirs.enter_context(errors.open("wb")).fileno()
            running = toolbox.start(
                argv, streams=(stdin, stdout, said), cwd=directory, bind=devices, show=show
            )
        ours.callback(end, running)
        yield Machine(running=running, console=console, keyboard=keyboard, errors=errors, sink=sink)


def _pipe(*, read: contextlib.ExitStack, write: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe, each end of which is closed with its stack."""
    reader, writer = os.pipe()
    read.callback(os.close, reader)
    write.callback(os.close, writer)
    return reader, writer
