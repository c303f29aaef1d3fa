"""Signals that end the program: each becomes an exception, so that every clean-up runs."""

from __future__ import annotations

import signal
from collections.abc import Coroutine
from types import FrameType

from livecd_rootfs.errors import Interrupted

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_on_signals() -> None:
    """Have ^C, SIGTERM and SIGHUP raise Interrupted where the program is."""
    for number in ENDING:
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Only the first one counts: clean-up must not be interrupted by the next ^C."""
    del frame
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise _interrupted(number)


def _interrupted(number: int) -> Interrupted:
    name = signal.Signals(number).name
    return Interrupted(f"interrupted ({name}); nothing was left behind")


def run(main: Coroutine[None, None, None]) -> None:
    """Run a coroutine; a signal cancels it, its clean-up runs, and then Interrupted is raised.

    An exception out of a signal handler would come up in whatever callback the
    loop runs at that moment, and could be taken for that one's own failure.

    Raises:
        Interrupted: a signal came.
    """
    import asyncio  # noqa: PLC0415 (slow to import, and hooks only need the rest)

    came: list[int] = []

    async def until_signal() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(main)

        def end(number: int) -> None:
            if not came:
                came.append(number)
                task.cancel()

        for number in ENDING:
            loop.add_signal_handler(number, end, number)
        try:
            await task
        except asyncio.CancelledError:
            if not came:
                raise

    try:
        asyncio.run(until_signal())
    finally:
        # The loop has put the default actions in place, which end the program at once.
        raise_on_signals()
    if came:
        raise _interrupted(came[0])
