"""Workspaces end with their builds, also when a build is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs.build import workspace
from livecd_rootfs.errors import LivecdError

HOLDER = """
import sys, time
from pathlib import Path
from livecd_rootfs.build.workspace import open_workspace
with open_workspace(Path(sys.argv[1])) as opened:
    print(opened.path, flush=True)
    time.sleep(60)
"""


def test_slots_are_there_and_gone_afterwards(tmp_path: Path) -> None:
    with workspace.open_workspace(tmp_path) as opened:
        with opened.slot() as one, opened.slot() as other:
            assert one.path != other.path
            assert one.build.is_dir()
            assert one.config.is_dir()
            assert one.scratch.is_dir()
        assert not one.path.exists()
    assert not opened.path.exists()


def test_it_goes_also_when_the_build_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), workspace.open_workspace(tmp_path) as opened:
        raise ZeroDivisionError
    assert not opened.path.exists()


def holder(cache: Path) -> tuple[subprocess.Popen[str], Path]:
    package = Path(workspace.__file__).parents[2]
    process = subprocess.Popen(
        (sys.executable, "-c", HOLDER, str(cache)),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_that_of_a_killed_build_goes_with_the_next(tmp_path: Path) -> None:
    process, left = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert left.is_dir()
    with workspace.open_workspace(tmp_path):
        assert not left.exists()


def test_that_of_a_living_build_is_left_alone(tmp_path: Path) -> None:
    process, held = holder(tmp_path)
    try:
        with workspace.open_workspace(tmp_path):
            assert held.is_dir()
    finally:
        process.kill()
        process.communicate()


def test_a_cache_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(LivecdError, match="cache directory can't be written") as failure,
        workspace.open_workspace(tmp_path / "file"),
    ):
        pass
    assert failure.value.remedy == "choose another with --cache DIR"
