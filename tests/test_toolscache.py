"""Tools roots that a cache keeps: told, removed to make room, and never while somebody uses one."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from livecd_rootfs import toolscache, toolsroot
from livecd_rootfs.commands import cache
from livecd_rootfs.layers.store import Store
from livecd_rootfs.toolscache import Kept
from livecd_rootfs.toolsroot import Request


def made(folder: Path, suite: str, used: int = 0) -> Request:
    """A tools root that is there, last used at that time."""
    request = Request(cache=folder, suite=suite, architecture="amd64")
    (request.root / "usr/bin").mkdir(parents=True)
    (request.root / "usr/bin/tar").write_text("x" * 5000)
    (request.root / toolsroot.DIGEST).write_text("digest\n")
    lock = request.root.with_suffix(toolsroot.LOCK)
    lock.touch()
    os.utime(lock, (used, used))
    return request


def only(folder: Path) -> Kept:
    (found,) = toolscache.kept(folder)
    return found


def _use(request: Request, told: Connection) -> None:
    toolsroot.hold(request)
    told.send("held")
    told.recv()


@contextmanager
def in_use(request: Request) -> Iterator[None]:
    """While another process uses it."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_use, args=(request, there))
    process.start()
    assert here.recv() == "held"
    try:
        yield
    finally:
        here.send("end")
        process.join()


def test_without_any_there_is_none(tmp_path: Path) -> None:
    assert toolscache.kept(tmp_path) == ()


def test_those_used_longest_ago_come_first(tmp_path: Path) -> None:
    new, old = made(tmp_path, "new", 200), made(tmp_path, "old", 100)
    (tmp_path / "tools/0123456789abcdef.staging").mkdir()
    found = toolscache.kept(tmp_path)
    assert [(each.path, each.last_used) for each in found] == [(old.root, 100), (new.root, 200)]
    assert found[0].size == 8192 + 4096


def test_using_it_is_noted(tmp_path: Path) -> None:
    request = made(tmp_path, "trixie", 100)
    with in_use(request):
        found = only(tmp_path)
        assert found.in_use
        assert found.last_used > 10**9
    assert not only(tmp_path).in_use


def test_nobody_removes_one_that_is_used(tmp_path: Path) -> None:
    request = made(tmp_path, "trixie")
    with in_use(request):
        assert not only(tmp_path).remove()
        assert (request.root / "usr/bin/tar").exists()
    assert only(tmp_path).remove()
    assert [path.name for path in (tmp_path / "tools").iterdir()] == [f"{request.key}.lock"]
    assert not toolsroot.hold(request)


@pytest.mark.root
def test_one_that_is_mounted_somewhere_is_used(tmp_path: Path) -> None:
    """As by the sandbox of a tool whose starter has been killed."""
    request = made(tmp_path, "trixie")
    (tmp_path / "usr").mkdir()
    script = f"mount --bind {request.root}/usr {tmp_path}/usr; echo there; read end"
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "there\n"
        assert only(tmp_path).in_use
        assert not only(tmp_path).remove()
        other.communicate("end\n")
    assert only(tmp_path).remove()


def test_making_room_takes_them_too(tmp_path: Path) -> None:
    Store.open(tmp_path)
    used, unused = made(tmp_path, "used"), made(tmp_path, "unused")
    assert "2 tools roots, 24.0 KiB; in use 0 B" in cache.sums(tmp_path)
    with in_use(used):
        said = cache.collect(tmp_path, None, "1d")
        assert "removed a tools root (12.0 KiB)" in said
        assert "12.0 KiB freed, 0 B stay" not in said
        assert "12.0 KiB freed, 12.0 KiB stay" in said
        assert "kept a tools root, which is in use" in cache.collect(tmp_path, "0", None)
        assert "in use  tools root" in cache.listing(tmp_path)
    assert not unused.root.exists()
