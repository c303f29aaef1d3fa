"""A build with a real bootstrap, ended in its midst: nothing is left running, mounted or half-made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs import trees
from tests.images.conftest import CHECKOUT, livecd_rootfs

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def works_on_packages(cache: Path, log: str) -> bool:
    """Whether mmdebstrap has begun to download or to unpack, as the step's log says."""
    return any("ing packages" in path.read_text() for path in cache.glob(f"logs/*/{log}"))


def mentions(path: Path) -> list[str]:
    """The processes that have a path in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(path) in words:
            found.append(words)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize(
    ("step", "tools"), [("00-tools-root.log", "root"), ("01-bootstrap.log", "host")]
)
def test_a_bootstrap_that_is_ended_leaves_nothing(
    tmp_path: Path, number: signal.Signals, step: str, tools: str
) -> None:
    output, cache = tmp_path / "out", tmp_path / "cache"
    process = subprocess.Popen(
        (sys.executable, "-m", "livecd_rootfs", "build", "squashfs", "--tools", tools,
         "--cache", str(cache), "--output", str(output)),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: works_on_packages(cache, step))
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    wait_until(lambda: not mentions(tmp_path), 10)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert list(output.iterdir()) == []
    if number == signal.SIGINT:
        assert said == "livecd-rootfs: interrupted (SIGINT); nothing was left behind\n"
        assert list((cache / "builds").iterdir()) == []
    trees.remove(cache)


def test_without_network_it_is_said_at_once(tmp_path: Path) -> None:
    ended = subprocess.run(
        ("unshare", "--net", sys.executable, "-m", "livecd_rootfs", "build", "squashfs",
         "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out")),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "is not known to the network" in ended.stderr or "can't be reached" in ended.stderr
    assert "help: check the network" in ended.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--suite", "trixy"), "there is no suite 'trixy'"),
        (("--suite", "nosuchsuite", "--distribution", "debian"), "has no suite 'nosuchsuite'"),
        (("--mirror", "http://127.0.0.1:9/debian"), "the archive at 127.0.0.1:9 can't be reached"),
    ],
)
def test_a_wrong_suite_or_mirror_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = livecd_rootfs(
        tmp_path / "cache", "build", "squashfs", "--output", str(tmp_path / "out"), *arguments
    )
    assert ended.returncode in {1, 2}
    assert message in ended.stderr.splitlines()[0]
    assert "Traceback" not in ended.stderr
