"""The directory of a run: gone with it, and gone at the next run if this one was killed."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from livecd_rootfs import scratch

PREFIX = "livecd-boot-"


def test_it_is_gone_in_the_end(tmp_path: Path) -> None:
    with scratch.directory(PREFIX, tmp_path) as directory:
        (directory / "disk.qcow2").touch()
        assert directory.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_what_killed_runs_left_is_removed(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("killed", 3600), ("young", 5)):
        make(tmp_path / f"livecd-boot-{name}", now - age)
    make(tmp_path / "another", now - 3600)
    held = tmp_path / "livecd-boot-held"
    make(held, now - 3600)
    with (held / "lock").open("w") as lock:
        os.utime(held, (now - 3600, now - 3600))
        fcntl.flock(lock, fcntl.LOCK_EX)
        scratch.remove_stale(PREFIX, tmp_path, now)
    assert {path.name for path in tmp_path.iterdir()} == {
        "another",
        "livecd-boot-held",
        "livecd-boot-young",
    }


def make(directory: Path, changed: float) -> None:
    (directory / "tcg").mkdir(parents=True)
    (directory / "tcg/disk.qcow2").touch()
    (directory / "lock").touch()
    os.utime(directory, (changed, changed))
