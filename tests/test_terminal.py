"""The user's terminal: raw for a while, then as before; its size; and where there is none."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from livecd_rootfs import terminal


@pytest.fixture
def stdin() -> Iterator[int]:
    """The terminal's end that a program has."""
    keyboard, descriptor = pty.openpty()
    yield descriptor
    os.close(keyboard)
    os.close(descriptor)


def test_the_terminal_is_raw_meanwhile_and_as_before_then(stdin: int) -> None:
    before = termios.tcgetattr(stdin)
    with terminal.raw(stdin):
        assert not termios.tcgetattr(stdin)[tty.LFLAG] & (termios.ECHO | termios.ICANON)
    assert termios.tcgetattr(stdin) == before


def test_what_is_no_terminal_is_left_alone(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, terminal.raw(file.fileno()):
        assert not os.isatty(file.fileno())


def test_another_terminal_gets_its_size(stdin: int) -> None:
    keyboard, other = pty.openpty()
    termios.tcsetwinsize(stdin, (33, 99))
    terminal.copy_size(stdin, other)
    assert termios.tcgetwinsize(other) == (33, 99)
    os.close(keyboard)
    os.close(other)


def test_without_a_terminal_the_remedy_is_named() -> None:
    code = "from livecd_rootfs import terminal\nwith terminal.controlling(): pass"
    ended = subprocess.run(
        (sys.executable, "-c", code),
        start_new_session=True,  # which has no terminal
        capture_output=True,
        text=True,
        check=False,
    )
    assert "there is no terminal to open a shell on" in ended.stderr
