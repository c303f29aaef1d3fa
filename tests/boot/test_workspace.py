"""The directory of a boot: gone with it, and gone at the next boot if this one was killed."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path

import pytest

from livecd_rootfs.boot.workspace import remove_stale, workspace


def test_it_is_gone_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with workspace() as directory:
        (directory / "disk.qcow2").touch()
        assert directory.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_what_killed_boots_left_is_removed(tmp_path: Path) -> None:
    now = time.time()
    for name, age in (("killed", 3600), ("young", 5)):
        make(tmp_path / f"livecd-boot-{name}", now - age)
    make(tmp_path / "another", now - 3600)
    held = tmp_path / "livecd-boot-held"
    make(held, now - 3600)
    with (held / "lock").open("w") as lock:
        os.utime(held, (now - 3600, now - 3600))
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_stale(tmp_path, now)
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
