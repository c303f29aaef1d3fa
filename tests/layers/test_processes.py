"""Several processes on one store: killed at any moment, two at once, and room made beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs.layers.store import Store
from tests import checkout
from tests.layers.steps import left

BUILDER = """
import sys, time
from pathlib import Path
from livecd_rootfs import kernel
from livecd_rootfs.layers.store import Store
from tests.layers.steps import build

cache, log = Path(sys.argv[1]), sys.argv[1] + "/log"

def tell(text):
    with open(log, "a") as file:
        file.write(text + "\\n")

def slow(root):
    tell("runs")
    time.sleep(0.5)
    (root / "file").touch()

kernel.unshare(kernel.CLONE_NEWNS)
kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
with build(Store.open(cache), cache / "slot", lambda: tell("waits")) as run:
    layer = run.step("one", slow)
    tell("has " + layer.meta.making)
"""


@pytest.mark.root
def test_of_two_processes_one_builds_and_the_other_waits_and_takes_it(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", BUILDER, str(tmp_path)]
    both = [subprocess.Popen(argv, cwd=checkout.ROOT) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    lines = (tmp_path / "log").read_text().splitlines()
    assert sorted(lines[:2]) == ["runs", "waits"]
    assert lines[2] == lines[3]
    assert len(lines) == 4
    assert left(Store.open(tmp_path)) == {"one"}


@pytest.mark.root
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_it_leaves_a_store_that_works(tmp_path: Path, seed: int) -> None:
    """Two builds at once, of which one is killed, with sealing and gc in both."""
    argv = [sys.executable, "-W", "error", "-m", "tests.layers.killed"]
    ran = subprocess.run(
        [*argv, tmp_path, str(seed), "60"],
        cwd=checkout.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
