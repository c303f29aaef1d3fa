"""The tools root of a run: made beside the first steps, by a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from livecd_rootfs import toolsroot
from livecd_rootfs.build import events, watch
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.log import last_line
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.running import HostProcess

LOG = "00-tools-root.log"


@dataclass(slots=True, kw_only=True)
class ToolsStep:
    """The making of a tools root, which all steps that need it wait for.

    Attributes:
        place: where it is, or will be; ``None`` if no step needs one.
        process: who makes it; ``None`` if it is there.
        log: what that one prints.
        listen: is told how it goes.
        hold: called when it is there, to keep it until this process ends.
    """

    place: Path | None
    process: HostProcess | None
    log: Path
    listen: Listener
    hold: Callable[[], object] = bool
    _end: asyncio.Task[int] | None = None

    def watch(self) -> None:
        """Tell how it goes from now on; to be called when the loop runs."""
        if self.process is not None and self._end is None:
            self._end = asyncio.create_task(self._wait(self.process))

    async def root(self) -> Path | None:
        """The tools root, as soon as it is there.

        Raises:
            LivecdError: it could not be made; the notes are the maker's own message.
        """
        self.watch()
        if self._end is None:
            return self.place
        if await asyncio.shield(self._end) != 0:
            raise self._failure()
        return self.place

    async def _wait(self, process: HostProcess) -> int:
        started = time.monotonic()
        await watch.ended(process, self._tick)
        status = process.wait()
        if status == 0:
            self.hold()
        seconds = time.monotonic() - started
        self.listen(events.ToolsEnded(seconds=seconds, status=status))
        return status

    def _tick(self, seconds: float) -> None:
        self.listen(events.ToolsTick(seconds=seconds, line=last_line(self.log)))

    def _failure(self) -> LivecdError:
        lines = self.log.read_text(errors="replace").splitlines()
        told = next((n for n, line in enumerate(lines) if line.startswith("livecd-rootfs:")), 0)
        return LivecdError(
            "the tools root could not be made",
            notes=tuple(lines[told:]),
            remedy=f"the whole log is {self.log}; --tools host uses the host's tools",
        )


@contextmanager
def opened(request: toolsroot.Request | None, logs: Path, listen: Listener) -> Iterator[ToolsStep]:
    """Begin to make the tools root, if it is needed and not there; ended with the run."""
    log = logs / LOG
    place = request.root if request else None
    if request is None or toolsroot.hold(request):
        yield ToolsStep(place=place, process=None, log=log, listen=listen)
        return
    process = _start(request, log)
    hold = partial(toolsroot.hold, request)
    try:
        yield ToolsStep(place=place, process=process, log=log, listen=listen, hold=hold)
    finally:
        _end(process)


def _start(request: toolsroot.Request, log: Path) -> HostProcess:
    argv = [sys.executable, "-m", "livecd_rootfs", "tools", "--cache", str(request.cache)]
    argv += [word for machine in request.machines for word in ("--arch", machine)]
    output = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o644)
    silence = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return HostProcess.start(argv, streams=(silence, output, output), cwd=Path.cwd())
    finally:
        os.close(output)
        os.close(silence)


def _end(process: HostProcess) -> None:
    """What still runs when the run is over is not wanted any more."""
    if process.process.poll() is None:
        process.kill()
        process.wait()
