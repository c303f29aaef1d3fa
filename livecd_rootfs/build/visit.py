"""A visit: a shell for the user in the sandbox of a step that failed, before that is taken away.

The shell has a terminal of its own, whose keys and words are carried to and
from the user's: so ^C there ends a command and not the build.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from livecd_rootfs import sandbox, terminal, values
from livecd_rootfs.build import events, watch
from livecd_rootfs.build.events import Listener
from livecd_rootfs.build.forest import Node
from livecd_rootfs.sandbox import Sandbox

Visit = Callable[[Node, int, Sandbox, Path], Awaitable[None]]
# bash where there is one: dash has neither history nor completion. Without the user's own
# start files, which are not those of the root that is visited.
SHELL = (
    "/bin/sh",
    "-c",
    "if command -v bash >/dev/null; then exec bash --noprofile --norc -i; else exec sh -i; fi",
)
SHOWN_LINES = 10
_CHUNK = 4096


async def no_visit(node: Node, status: int, seen: Sandbox, log: Path) -> None:
    """What a run does whose user asked for no shell."""
    del node, status, seen, log


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Opens shells on a terminal, one after another.

    Attributes:
        terminal: descriptor of the user's terminal.
        environ: the user's environment.
        listen: told when a shell opens and closes, so that nobody else writes meanwhile.
    """

    terminal: int
    environ: Mapping[str, str]
    listen: Listener
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def visit(self, node: Node, status: int, seen: Sandbox, log: Path) -> None:
        """Open a shell where a step failed, and wait until the user leaves it.

        Args:
            node: the step.
            status: the step's exit status.
            seen: what the step saw.
            log: what it printed.
        """
        async with self._turn:
            self.listen(_opened(node, status, log))
            try:
                await self._session(self._dressed(node, seen))
            finally:
                self.listen(events.ShellClosed(node=node))

    def _dressed(self, node: Node, seen: Sandbox) -> Sandbox:
        more = {
            "TERM": self.environ.get("TERM", "linux"),
            "PS1": f"[{node.step.name}] $PWD # ",
            "HISTFILE": "",
        }
        return values.replaced(seen, env={**seen.env, **more}, terminal=True)

    async def _session(self, seen: Sandbox) -> None:
        master, slave = pty.openpty()
        try:
            terminal.copy_size(self.terminal, slave)
            child = sandbox.spawn(seen, SHELL, stdin=slave, stdout=slave, stderr=slave)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        with contextlib.closing(os.fdopen(master, "rb", buffering=0)):
            try:
                with terminal.raw(self.terminal), self._carried(master):
                    await watch.ended(child, lambda _: None)
            except BaseException:
                sandbox.stop(child)
                raise
            child.wait()
            _drain(master, self.terminal)

    @contextlib.contextmanager
    def _carried(self, master: int) -> Iterator[None]:
        """Carry keys, words and changes of size between two terminals while the loop runs."""
        loop = asyncio.get_running_loop()
        ends = ((self.terminal, master), (master, self.terminal))
        for source, target in ends:
            loop.add_reader(source, partial(_carry, loop, source, target))
        loop.add_signal_handler(signal.SIGWINCH, terminal.copy_size, self.terminal, master)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            for source, _ in ends:
                loop.remove_reader(source)


def _opened(node: Node, status: int, log: Path) -> events.ShellOpened:
    last = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
    return events.ShellOpened(node=node, status=status, log=log, last=tuple(last))


def _carry(loop: asyncio.AbstractEventLoop, source: int, target: int) -> None:
    chunk = _read(source)
    if chunk:
        terminal.write(target, chunk)
    else:
        loop.remove_reader(source)


def _drain(master: int, target: int) -> None:
    """Show what the shell said last."""
    os.set_blocking(master, False)
    with contextlib.suppress(BlockingIOError):
        while chunk := _read(master):
            terminal.write(target, chunk)


def _read(source: int) -> bytes:
    """What is there; nothing when the other side is gone, which a terminal tells as EIO."""
    try:
        return os.read(source, _CHUNK)
    except BlockingIOError:
        raise
    except OSError:
        return b""
