"""Programs that run for long: followed line by line, ended, and ended with us."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from livecd_rootfs import hostroot, running
from livecd_rootfs.process import CommandMissing
from livecd_rootfs.running import HostProcess
from livecd_rootfs.sandbox import Sandbox

SEEN = Sandbox(operations=hostroot.operations(), env={"PATH": "/usr/bin:/bin"})


def start(*argv: str) -> HostProcess:
    return HostProcess.start(argv, streams=(0, 1, 2), cwd=Path("/"))


def test_the_status_of_a_program_that_ends() -> None:
    program = start("sh", "-c", "exit 3")
    assert running.is_over(program, seconds=5.0)
    assert program.wait() == 3


def test_a_program_is_ended() -> None:
    program = start("sleep", "60")
    assert not running.is_over(program)
    assert running.end(program) == 128 + 9


def test_ending_what_has_ended_gives_its_status() -> None:
    program = start("sh", "-c", "exit 3")
    assert running.is_over(program, seconds=5.0)
    assert running.end(program) == 3


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandMissing, match="'setpriv' is not installed") as failure:
        start("sleep", "60")
    assert failure.value.remedy == "apt-get install util-linux"


@pytest.mark.root
def test_each_line_is_handed_over_at_once() -> None:
    said: list[tuple[str, float]] = []
    script = "echo one; echo two >&2; sleep 0.5; printf three; exit 4"
    ended = running.follow(
        SEEN, ("sh", "-c", script), lambda line: said.append((line, time.monotonic()))
    )
    assert [line for line, _ in said] == ["one", "two", "three"]
    assert said[2][1] - said[1][1] > 0.3
    assert (ended.status, ended.stdout) == (4, "one\ntwo\nthree")


@pytest.mark.root
def test_an_interruption_ends_what_is_followed() -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    before = children()
    with pytest.raises(KeyboardInterrupt):
        running.follow(SEEN, ("sh", "-c", "echo started; exec sleep 60"), interrupt)
    assert children() == before


def children() -> list[str]:
    """The processes that this one started and that are still there."""
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
