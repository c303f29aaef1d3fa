"""What the tests left behind on the machine: mounts, loop devices, processes, temporary files.

Others use the machine meanwhile, so what is found must be the tests' own:

- as root, the tests run in a mount namespace of their own, cut off from the
  host's and shared with what they start, so that every new mount is theirs;
- loop devices count when their file lies in the tests' temporary directory;
- processes count when they carry the tests' mark in their environment, or the
  tests' temporary directory in their command, their folder or their mounts;
- ``TMPDIR`` lies in that directory too, so that forgotten scratch shows.

Each find is reported with the test after which it was first seen, at the end
of the run, because a fixture of a module may rightly hold a mount for a while.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from livecd_rootfs import kernel

MARK = f"LIVECD_TEST_RUN={uuid.uuid4().hex}"
MS_SHARED = 1 << 20
GRACE_SECONDS = 3.0


class Watch:
    """What is there now that was not there at the start, and since which test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.scratch = directory / "tmp"
        self.before = set(mounts())
        self.since: dict[str, str] = {}

    def left(self) -> set[str]:
        """The cheap part, looked at after every test."""
        new = {f"mount {point}" for point in mounts() if point not in self.before}
        new |= {f"loop device {loop}" for loop in loops(self.directory)}
        return new | {f"temporary file {entry}" for entry in self.scratch.iterdir()}

    def look(self, test: str) -> None:
        now = self.left()
        self.since = {find: self.since.get(find, test) for find in now}

    def finds(self) -> list[str]:
        """Everything that is left, after a while in which dying processes may die."""
        end = time.monotonic() + GRACE_SECONDS
        while (running := processes(self.directory)) and time.monotonic() < end:
            time.sleep(0.05)
        left = [f"{find} (since {self.since.get(find, 'the end')})" for find in sorted(self.left())]
        return left + [f"process {process}" for process in running]


WATCH = pytest.StashKey[Watch]()


def mounts() -> list[str]:
    """The mount points of this namespace, each with the id that tells two on one point apart."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [f"{fields[4]} (id {fields[0]})" for fields in map(str.split, lines)]


def loops(directory: Path) -> list[str]:
    """The loop devices whose file lies below a directory, also if it was deleted since."""
    files = Path("/sys/block").glob("loop*/loop/backing_file")
    shown = {file.parts[3]: file.read_text().strip() for file in files}
    return [f"{name}: {file}" for name, file in shown.items() if file.startswith(f"{directory}/")]


def processes(directory: Path) -> list[str]:
    """The other processes that belong to the tests; zombies, having nothing, do not count."""
    entries = (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    others = (entry for entry in entries if int(entry.name) != os.getpid())
    return [
        f"{entry.name}: {command(entry) or '(no command line)'}"
        for entry in others
        if belongs(entry, directory)
    ]


def belongs(process: Path, directory: Path) -> bool:
    here = f"{directory}/".encode()
    return (
        MARK.encode() in read(process / "environ")
        or here in read(process / "cmdline")
        or any(here in line + b"/" for line in read(process / "mountinfo").split())
        or link(process / "cwd").startswith(f"{directory}/")
    )


def command(process: Path) -> str:
    return read(process / "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def read(path: Path) -> bytes:
    """A file of /proc; empty when its process has gone, or is another user's."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def leave_host_mounts() -> None:
    """Enter a mount namespace of our own, in which children's mounts propagate back to us.

    Without that a sandbox that forgot to make its mounts private would go unseen.
    """
    try:
        kernel.unshare(kernel.CLONE_NEWNS)
    except PermissionError:
        return  # not root: then nobody but root mounts here anyway
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("none", "/", None, kernel.MS_REC | MS_SHARED)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not session.config.option.collectonly:
        leave_host_mounts()


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Fail the run when it leaves something behind."""
    watch = Watch(tmp_path_factory.getbasetemp().resolve())
    watch.scratch.mkdir()
    request.config.stash[WATCH] = watch
    name, _, value = MARK.partition("=")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        patch.setenv("TMPDIR", str(watch.scratch))
        patch.setattr(tempfile, "tempdir", str(watch.scratch))
        yield
    finds = watch.finds()
    assert not finds, "the tests left behind:\n  " + "\n  ".join(finds)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Remember after which test something was first seen."""
    yield
    if WATCH in item.config.stash:
        item.config.stash[WATCH].look(item.nodeid)
