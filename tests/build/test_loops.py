"""Loop devices that hooks leave behind are detached, and nobody else's."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from livecd_rootfs.build import loops
from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = [pytest.mark.root, pytest.mark.tools("losetup")]

IMAGES = {
    "the build directory": "disk",
    "the build directory, removed since": "disk gone",
    "the scratch directory": "$LIVECD_SCRATCH/disk",
}


def hook(file: str, then: str) -> dict[str, str]:
    name, _, gone = file.partition(" ")
    return {
        "base/series/one": "base/one.binary\nprovides ${PREFIX}.one\n",
        "base/one.binary": f"#!/bin/sh -e\ntruncate -s 1M {name}\nlosetup -f --show {name}\n"
        + (f"rm {name}\n" if gone else "")
        + f"touch livecd.test.one\n{then}\n",
    }


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[loops.Loop]:
    """Somebody's own device, whose file lies beside the cache."""
    file = tmp_path / "foreign"
    file.write_bytes(bytes(1 << 20))
    subprocess.run(["losetup", "-f", file], check=True)
    (found,) = (loop for loop in loops.attached() if loop.file == str(file))
    yield found
    assert found in loops.attached()
    loops.detach(found)
    assert found not in loops.attached()


@pytest.mark.parametrize("where", IMAGES)
@pytest.mark.parametrize("status", [0, 1])
def test_of_a_hook(
    tree: Tree, command: Command, foreign: loops.Loop, where: str, status: int
) -> None:
    before = set(loops.attached())
    tree(hook(IMAGES[where], f"exit {status}"))
    ended = command.run("one", "--progress", "json")
    assert ended.returncode == status, ended.stderr
    notes = [event["text"] for event in layered.parsed(ended.stdout) if event["event"] == "note"]
    (note,) = notes
    assert note.startswith("base/one.binary left the loop device loop")
    assert note.endswith("; it is detached")
    assert set(loops.attached()) == before
    assert foreign in before


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("where", [where for where in IMAGES if "removed" not in where])
def test_of_a_killed_run(tree: Tree, command: Command, where: str) -> None:
    before = set(loops.attached())
    tree(hook(IMAGES[where], "sleep 75.25"))
    process = command.start("one")
    wait_for_more_than(before)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    tree(hook("", "").fromkeys(["base/one.binary"], "#!/bin/sh\ntouch livecd.test.one\n"))
    said = layered.events(command, "one")
    (note,) = (event["text"] for event in said if event["event"] == "note")
    assert note.startswith("a killed run left the loop device loop")
    assert set(loops.attached()) == before


def wait_for_more_than(before: set[loops.Loop]) -> None:
    deadline = time.monotonic() + 20
    while set(loops.attached()) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.2)


def test_a_large_cache_is_not_looked_through_for_devices_of_others(
    foreign: loops.Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(folder: Path) -> Iterator[tuple[tuple[int, int], str]]:
        raise AssertionError(folder)

    monkeypatch.setattr(loops, "attached", lambda: (foreign,))
    monkeypatch.setattr(loops, "_files", looked)
    assert loops.lost_in(tmp_path / "cache") == ()
