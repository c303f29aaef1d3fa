"""A shell where a step failed: the user looks at what it saw, and the run goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from tests.build.conftest import PACKAGE, Command, Tree
from tests.seat import Seat

pytestmark = [pytest.mark.root, pytest.mark.tools("setsid")]

FILES = {
    "base/series/bad": "base/bad.binary\n",
    "base/bad.binary": "#!/bin/sh\n# hook: env=\necho half >made\necho it is late\nexit 7\n",
    "base/series/inner": "base/inner.chroot\n",
    "base/inner.chroot": "#!/bin/sh\n# hook: env=\necho half >/etc/made\nexit 8\n",
    "base/series/good": "base/good.binary\nprovides ${PREFIX}.good\n",
    "base/good.binary": "#!/bin/sh\n# hook: env=\nsleep 1\necho good >livecd.test.good\n",
}
# What is typed is shown too, but not with that end of the line.
SLEEP = "sh -c 'echo asleep; exec sleep 99'\n"


def sit_down(command: Command, *arguments: str) -> Seat:
    argv = command.argv(*arguments, "--shell-on-failure")
    return Seat(argv, cwd=command.folder, env={**os.environ, "PYTHONPATH": str(PACKAGE)})


def test_it_shows_the_build_directory_as_the_hook_left_it(command: Command, tree: Tree) -> None:
    tree(FILES)
    with sit_down(command, "bad") as seat:
        above = seat.until("thrown away")
        assert "| it is late" in above
        assert "base/bad.binary failed with status 7" in above
        seat.until("[base/bad.binary]")
        seat.type("echo here: $PWD $(cat made) $(tty -s && stty size)\n")
        assert "here: /build half 30 100" in seat.until("100\r\n")
        seat.type("exit\n")
        assert seat.leave() == 1
    assert "base/bad.binary failed with status 7" in seat.shown


def test_it_is_in_the_target_root_after_a_chroot_hook(command: Command, tree: Tree) -> None:
    tree(FILES)
    with sit_down(command, "inner") as seat:
        seat.until("[base/inner.chroot]")
        seat.type("echo here: $PWD $(cat /etc/made) of $(ls /root)\n")
        assert "here: /root half of config inner.chroot" in seat.until("inner.chroot\r\n")
        seat.type("exit\n")
        assert seat.leave() == 1


def test_interrupt_ends_a_command_there_and_not_the_run(command: Command, tree: Tree) -> None:
    tree(FILES)
    with sit_down(command, "bad", "good") as seat:
        seat.until("[base/bad.binary]")
        seat.type(SLEEP)
        seat.until("asleep\r\n")
        seat.type("\x03")
        seat.until("[base/bad.binary]")
        seat.type("exit\n")
        assert seat.leave() == 1
    assert command.made() == ["SHA256SUMS", "livecd.test.good"]


def test_nobody_else_writes_while_it_is_open(command: Command, tree: Tree) -> None:
    tree(FILES)
    with sit_down(command, "bad", "good", "--progress", "plain") as seat:
        seat.until("[base/bad.binary]")
        seat.type("sleep 3; echo lwoke\n")
        assert "livecd.test.good" not in seat.until("lwoke\r\n")
        seat.type("exit\n")
        seat.until("base/good.binary: ")
        assert seat.leave() == 1
    took = re.search(r"base/bad.binary: ([0-9.]+) s, FAILED", seat.shown)
    assert took, "a failed step tells its seconds"
    assert float(took.group(1)) < 3, "those of the visit are not its own"


def test_what_is_changed_there_is_thrown_away(command: Command, tree: Tree) -> None:
    tree(FILES)
    with sit_down(command, "bad") as seat:
        seat.until("[base/bad.binary]")
        seat.type("echo changed >made; exit\n")
        assert seat.leave() == 1
    with sit_down(command, "bad") as seat:
        seat.until("[base/bad.binary]")
        seat.type("echo again: $(cat made)\n")
        seat.until("again: half")
        seat.type("exit\n")
        assert seat.leave() == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_shell_and_run(command: Command, tree: Tree, how: signal.Signals) -> None:
    tree(FILES)
    with sit_down(command, "bad") as seat:
        seat.until("[base/bad.binary]")
        seat.type(SLEEP)
        seat.until("asleep\r\n")
        seat.process.send_signal(how)
        assert seat.leave() == 130
    assert f"interrupted ({how.name})" in seat.shown


def test_without_a_terminal_it_is_refused_before_anything_runs(
    command: Command, tree: Tree
) -> None:
    tree(FILES)
    ended = subprocess.run(
        command.argv("bad", "--shell-on-failure"),
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        cwd=command.folder,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "there is no terminal to open a shell on" in ended.stderr
    assert not command.cache.exists()
