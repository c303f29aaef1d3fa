"""The making of the tools root beside other steps, by a process that stands in for the maker."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from livecd_rootfs.build import events
from livecd_rootfs.build.events import Event, Listener
from livecd_rootfs.build.toolsstep import ToolsStep
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.running import HostProcess

PLACE = Path("the-root")


def maker(folder: Path, script: str, listen: Listener) -> ToolsStep:
    log = folder / "log"
    with log.open("w") as output, Path(os.devnull).open() as silence:
        streams = (silence.fileno(), output.fileno(), output.fileno())
        process = HostProcess.start(["sh", "-c", script], streams=streams, cwd=folder)
    return ToolsStep(place=PLACE, process=process, log=log, listen=listen)


def test_it_is_told_of_from_the_beginning(tmp_path: Path) -> None:
    """Also while no step asks for it."""
    heard: list[Event] = []
    over = asyncio.Event()

    def listen(event: Event, /) -> None:
        heard.append(event)
        if isinstance(event, events.ToolsEnded):
            over.set()

    step = maker(tmp_path, "echo unpacking; sleep 0.5", listen)

    async def run() -> None:
        step.watch()
        await asyncio.wait_for(over.wait(), timeout=20)
        assert await step.root() == PLACE

    asyncio.run(run())
    assert isinstance(heard[0], events.ToolsTick)
    assert heard[0].line == "unpacking"
    assert [event.status for event in heard if isinstance(event, events.ToolsEnded)] == [0]


def test_its_failure_is_that_of_each_step_that_asks(tmp_path: Path) -> None:
    heard: list[Event] = []
    step = maker(tmp_path, "echo working; echo livecd-rootfs: no network; exit 3", heard.append)

    async def run() -> None:
        for _ in range(2):
            with pytest.raises(LivecdError, match="the tools root could not be made") as raised:
                await step.root()
            assert raised.value.notes == ("livecd-rootfs: no network",)

    asyncio.run(run())
    assert [event.status for event in heard if isinstance(event, events.ToolsEnded)] == [3]


def test_one_that_is_there_needs_no_process(tmp_path: Path) -> None:
    heard: list[Event] = []
    step = ToolsStep(place=PLACE, process=None, log=tmp_path / "log", listen=heard.append)

    async def run() -> None:
        step.watch()
        assert await step.root() == PLACE

    asyncio.run(run())
    assert heard == []
