"""The one line in which a guest's console is shown."""

from __future__ import annotations

import io
import shutil

import pytest

from livecd_rootfs.progress.guest import GuestLine
from tests.progress.screen import Screen


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert shutil.get_terminal_size().columns == 20


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([b"GRUB loading.\r\n"], "\rGRUB loading.\x1b[K"),
        ([b"a\r\n", b"b"], "\ra\x1b[K\rb\x1b[K"),
        ([b"\x1b[2J\x1b[1;1HWelcome\n"], "\rWelcome\x1b[K"),
        ([b"[    0.038775] ACPI: Reserving\n"], "\r[    0.038775] ACPI\x1b[K"),
        ([b"a\x07\tb\n"], "\rab\x1b[K"),
        ([b"a\n", b"'\n"], "\ra\x1b[K\ra\x1b[K"),
        ([b"\r\n"], "\r\x1b[K"),
    ],
    ids=[
        "line",
        "line by line",
        "clears the screen",
        "too long",
        "control letters",
        "no words",
        "empty",
    ],
)
def test_what_is_redrawn(chunks: list[bytes], shown: str) -> None:
    stream = Screen()
    guest = GuestLine(stream)
    for chunk in chunks:
        guest(chunk)
    assert stream.getvalue() == shown


def test_a_line_that_stays_takes_the_place_of_the_guests() -> None:
    stream = Screen()
    guest = GuestLine(stream)
    guest(b"Booting\n")
    guest.tell("starting again")
    assert stream.getvalue() == "\rBooting\x1b[K\r\x1b[Kstarting again\n"


def test_nothing_is_drawn_after_the_end() -> None:
    stream = Screen()
    guest = GuestLine(stream)
    guest.close()
    guest(b"Booting\n")
    guest.tell("logged in")
    assert stream.getvalue() == "\r\x1b[Klogged in\n"
    assert guest.last_lines(1) == ("Booting",)


def test_a_log_gets_only_the_lines_that_stay() -> None:
    stream = io.StringIO()
    guest = GuestLine(stream)
    guest(b"Booting\n")
    guest.tell("QEMU 10")
    guest.close()
    assert stream.getvalue() == "QEMU 10\n"


def test_last_lines() -> None:
    guest = GuestLine(io.StringIO())
    assert guest.last_lines(2) == ()
    guest(b"1\n2\n\nhost login: ")
    assert guest.last_lines(2) == ("2", "host login:")
