"""Building as if the archive had not changed, while it is asked whether that is so.

Nothing that a run tells or publishes shows before the archive has answered. If it has
changed, the run is given up and begun anew with what is true; the layers that were made
until then are as good as any, for their keys hold what they were made from.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from livecd_rootfs.archive import Attempt, Question, State
from livecd_rootfs.build import watch
from livecd_rootfs.build.events import Event, Listener
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import Completed


class ArchiveChanged(Exception):
    """The archive is not what was assumed."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


@dataclass(slots=True, kw_only=True)
class Assumption:
    """What is assumed, until it is confirmed.

    Attributes:
        question: what the archive is asked.
        state: what it is assumed to answer.
        listen: is told, once that is confirmed, what went on, and from then on at once.
    """

    question: Question
    state: State
    listen: Listener
    _held: list[Event] = field(default_factory=list)
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: Event) -> None:
        """Listen, and keep it to oneself as long as nothing is confirmed."""
        if self._answered.is_set():
            self.listen(event)
        else:
            self._held.append(event)

    async def confirmed(self) -> None:
        """Wait until it is confirmed."""
        await self._answered.wait()

    async def beside(self, work: Awaitable[None]) -> None:
        """Do the work while the archive is asked.

        Raises:
            ArchiveChanged: it answered something else; the work is undone.
            LivecdError: it can't be asked, or the work failed.
        """
        tasks = [asyncio.ensure_future(self._confirm()), asyncio.ensure_future(work)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in tasks:  # what the archive says comes first
                await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _confirm(self) -> None:
        state = await answered(self.question)
        if state != self.state:
            raise ArchiveChanged(state)
        for event in self._held:
            self.listen(event)
        self._answered.set()


async def answered(question: Question) -> State:
    """The archive's answer, without holding up the loop.

    Raises:
        LivecdError: there is none.
    """
    with contextlib.closing(question.attempts()) as attempts:
        for attempt in attempts:
            if state := attempt.answer(await _run(attempt)):
                return state
    raise LivecdError("the archive was not asked")  # the last attempt tells what is wrong


async def _run(attempt: Attempt) -> Completed:
    with tempfile.TemporaryFile() as output:
        status = await watch.run(attempt.sandbox, attempt.argv, output.fileno(), lambda _: None)
        text = os.pread(output.fileno(), os.fstat(output.fileno()).st_size, 0)
    said = text.decode(errors="replace")
    return Completed(argv=attempt.argv, status=status, stdout="", stderr=said, seconds=0)


Confirmed = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """The wait for what needs no confirmation."""
