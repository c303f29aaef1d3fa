"""The console on a terminal, and a shell by ssh, with an emulator that plays a part."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from livecd_rootfs.boot import interactive, ssh
from livecd_rootfs.boot.interactive import Terminal
from livecd_rootfs.boot.request import Request
from tests.boot.conftest import Stage

ECHO = 'printf "host login: "; while read line; do echo "you typed $line"; done'


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[tuple[Terminal, int, Path]]:
    """A terminal: its keyboard is a pseudo terminal, its screen a file."""
    keyboard, stdin = pty.openpty()
    shown = tmp_path / "screen"
    with shown.open("wb") as stdout:
        yield Terminal(stdin=stdin, stdout=stdout.fileno(), stderr=stdout.fileno()), keyboard, shown
    os.close(keyboard)
    os.close(stdin)


def request(stage: Stage) -> Request:
    return Request(image=stage.image, timeout=20.0)


def test_keys_reach_the_guest_and_its_words_the_screen(
    stage: Stage, screen: tuple[Terminal, int, Path]
) -> None:
    terminal, keyboard, shown = screen
    said: list[str] = []

    def progress(text: str) -> None:
        said.append(text)
        if "password" in text:
            os.write(keyboard, b"hello\n")

    stage.play('printf "host login: "; read line; echo "you typed $line"')
    interactive.console(request(stage), stage.toolbox, terminal, progress=progress)
    assert shown.read_bytes() == b"host login: you typed hello\n"
    assert said[1].startswith("log in as 'livecd' with the password '")
    assert said[1].endswith("'; ^] leaves")


def test_the_user_leaves(stage: Stage, screen: tuple[Terminal, int, Path]) -> None:
    terminal, keyboard, _ = screen
    stage.play(ECHO)
    os.write(keyboard, b"x\x1dnever sent")
    interactive.console(request(stage), stage.toolbox, terminal, progress=lambda _: None)
    assert not stage.emulator_runs()


def test_a_shell_is_opened_when_ssh_answers(
    stage: Stage, screen: tuple[Terminal, int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, _, shown = screen
    monkeypatch.setattr(ssh, "find_port", lambda _: 2222)
    program = stage.folder / "bin/ssh"
    program.write_text(
        "#!/bin/sh\nfor word; do last=$word; done\ncase $last in\n"
        "*@127.0.0.1) echo welcome; exit 7 ;;\n"
        '*) sh -c "$last" ;;\nesac\n'
    )
    stage.play("exec sleep 60")
    said: list[str] = []
    status = interactive.shell(request(stage), stage.toolbox, terminal, progress=said.append)
    assert status == 7
    assert shown.read_text() == "welcome\n"
    assert said[1].startswith("logged in as 'livecd' after ")
