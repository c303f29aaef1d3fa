"""Watching processes of steps without threads: a coroutine that ends with the process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from livecd_rootfs import sandbox
from livecd_rootfs.running import Running
from livecd_rootfs.sandbox import Sandbox

TICK_SECONDS = 0.2


async def ended(running: Running, tick: Callable[[float], None]) -> None:
    """Wait until a process is over; ``tick`` is called now and then with the seconds so far."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    started = time.monotonic()
    loop.add_reader(running.pidfd, over.set)
    try:
        while not over.is_set():
            try:
                await asyncio.wait_for(over.wait(), TICK_SECONDS)
            except TimeoutError:
                tick(time.monotonic() - started)
    finally:
        loop.remove_reader(running.pidfd)


async def run(
    seen: Sandbox, argv: Sequence[str], output: int, tick: Callable[[float], None]
) -> int:
    """Run a command in a sandbox; gives its exit status. Cancelled, it ends the sandbox first."""
    child = sandbox.spawn(seen, argv, stdin=None, stdout=output, stderr=output)
    try:
        await ended(child, tick)
    except BaseException:
        sandbox.stop(child)
        raise
    return child.wait()
