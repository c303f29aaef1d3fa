"""QEMU's machine protocol, against a server that plays a recorded part."""

from __future__ import annotations

import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livecd_rootfs.boot import qmp

GREETING = {"QMP": {"version": {"qemu": {"major": 10}}, "capabilities": []}}
EVENT = {"event": "NIC_RX_FILTER_CHANGED", "timestamp": {"seconds": 1}}
USERNET = """\
Hub -1 (net):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]   31       127.0.0.1 40001       10.0.2.15    22     0     0
  TCP[HOST_FORWARD]  12       127.0.0.1 36715       10.0.2.15    22     0     0
  UDP[222 sec]       25       10.0.2.15    68        10.0.2.2    67     0     0
"""


@contextmanager
def qemu(socket_path: Path, *answers: object) -> Iterator[None]:
    """Answers one connection: the greeting, then an event before each answer."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path))
        listener.listen()
        process = multiprocessing.get_context("fork").Process(target=play, args=(listener, answers))
        process.start()
        yield
        process.join()
        assert process.exitcode == 0


def play(listener: socket.socket, answers: tuple[object, ...]) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rw") as stream:
        stream.write(json.dumps(GREETING) + "\n")
        stream.flush()
        for answer in answers:
            assert json.loads(stream.readline())["execute"]
            stream.write(f"{json.dumps(EVENT)}\n{json.dumps(answer)}\n")
            stream.flush()


def test_the_answer_to_a_command(tmp_path: Path) -> None:
    with qemu(tmp_path / "qmp", {"return": {}}, {"return": USERNET}):
        assert qmp.execute(tmp_path / "qmp", "human-monitor-command") == USERNET


def test_a_refusal(tmp_path: Path) -> None:
    refusal = {"error": {"class": "GenericError", "desc": "there is no console"}}
    with (
        qemu(tmp_path / "qmp", {"return": {}}, refusal),
        pytest.raises(qmp.QmpError, match="QEMU refused 'screendump'") as failure,
    ):
        qmp.execute(tmp_path / "qmp", "screendump", filename="/b/screen.png", format="png")
    assert failure.value.why == "there is no console"


def test_a_connection_that_ends(tmp_path: Path) -> None:
    with (
        qemu(tmp_path / "qmp", {"return": {}}),
        pytest.raises(qmp.QmpError, match="QEMU did not answer to 'quit'"),
    ):
        qmp.execute(tmp_path / "qmp", "quit")


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(qmp.QmpError, match="QEMU did not answer to 'quit'"):
        qmp.execute(tmp_path / "qmp", "quit")


def test_the_forwarded_port() -> None:
    assert qmp.forwarded_port(USERNET, 22) == 36715
    assert qmp.forwarded_port(USERNET, 80) is None
    assert qmp.forwarded_port("", 22) is None
