"""A program that builds in children, kills each at a random moment, and has the next one go on.

python -m tests.build.killed FOLDER ROOT SEED ROUNDS

FOLDER has a hooks.d, and gets the rest. Each round has hooks see something new, so that all of
them but the first must run; its first build is killed and its second one ends. The program ends
with a message if that one has other artifacts than it should, or anything was left behind.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import cli
from livecd_rootfs.build import loops, provenance
from livecd_rootfs.layers.store import Store
from tests import leaks

# Three branches after two steps that they share; one of them has a side branch, too.
FILES = {
    "chroot/010-first.chroot": "#!/bin/sh\n# hook: env=ROUND\necho $ROUND > /root/first\n",
    "base/second.binary": "#!/bin/sh\n# hook: env=\ncp chroot/root/first second\nmkdir folder\n",
    **{
        f"base/series/{name}": f"base/second.binary\nbase/{name}1.binary\nbase/{name}2.binary\n"
        f"provides ${{PREFIX}}.{name}\n"
        for name in "ab"
    },
    "base/aside.binary": "#!/bin/sh\n# hook: env= aside=s\nmkdir dest\nmv second dest/first\n",
    "base/series/c": "base/second.binary\nbase/aside.binary\nbase/c1.binary\nbase/c2.binary\n"
    "provides ${PREFIX}.c\n",
    "base/c1.binary": "#!/bin/sh\n# hook: env= joins=s/dest\nrm -r folder\n"
    'cp "$LIVECD_BRANCHES/s/dest/first" second\necho c >> second\n',
    **{
        f"base/{name}1.binary": f"#!/bin/sh\n# hook: env=\nrm -r folder\necho {name} >> second\n"
        for name in "ab"
    },
    **{
        f"base/{name}2.binary": f"#!/bin/sh\n# hook: env=\nmv second livecd.test.{name}\n"
        for name in "abc"
    },
}
DYING_SECONDS = 10.0


def argv(folder: Path, root: Path) -> list[str]:
    return [
        "livecd-rootfs", "build", "a", "b", "c", "--tree", f"{folder}/hooks.d", "--base", str(root),
        "--output", f"{folder}/out", "--cache", f"{folder}/cache", "--tools", "host",
        "--project", "test", "--jobs", "3", "--progress", "json",
    ]  # fmt: skip


def fork(folder: Path, root: Path, environ: Mapping[str, str]) -> int:
    """A build in a child that has imported everything."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.environ.update(environ)
            sys.argv = argv(folder, root)
            os.dup2(os.open(folder / "said", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), 1)
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            os._exit(status)
    return pid


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def one_round(folder: Path, root: Path, number: int, after: float) -> str | None:
    """A build that is killed after so many seconds, and the same one again."""
    environ = {"ROUND": str(number)}
    killed = fork(folder, root, environ)
    time.sleep(after)
    os.kill(killed, signal.SIGKILL)
    if ended(killed) not in {0, -signal.SIGKILL}:
        return "the first build failed of itself"
    if ended(fork(folder, root, environ)) != 0:
        return "the second build failed"
    return wrong_artifacts(folder, number) or left_behind(folder)


def wrong_artifacts(folder: Path, number: int) -> str | None:
    found = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    for name in ("SHA256SUMS", *(name for name in set(found) if name.endswith(provenance.SUFFIX))):
        found.pop(name, None)
    expected = {f"livecd.test.{name}": f"{number}\n{name}\n" for name in "abc"}
    return None if found == expected else f"artifacts: {found}"


def left_behind(folder: Path) -> str | None:
    cache = folder / "cache"
    store = Store.open(cache)
    left = [*store.layout.staging.iterdir(), *(cache / "builds").iterdir()]
    if left:
        return f"directories: {left}"
    if {path.name for path in store.layout.layers.iterdir()} != {
        layer.key for layer in store.layers()
    }:
        return "a layer that is not whole"
    if str(folder) in Path("/proc/self/mountinfo").read_text():
        return "a mount"
    if loops.lost_in(cache):
        return f"loop devices: {loops.lost_in(cache)}"
    return processes(folder)


def processes(folder: Path) -> str | None:
    """What a killed build had started, given some time to die."""
    deadline = time.monotonic() + DYING_SECONDS
    while found := leaks.processes(folder):
        if time.monotonic() > deadline:
            return f"processes: {found}"
        time.sleep(0.01)
    return None


def main(folder: Path, root: Path, seed: int, rounds: int) -> str | None:
    source = random.Random(seed)  # noqa: S311 (moments, not secrets)
    leaks.leave_host_mounts()
    importlib.import_module("livecd_rootfs.commands.build")  # before each child does it
    ended(fork(folder, root, {"ROUND": "first"}))
    started = time.monotonic()
    ended(fork(folder, root, {"ROUND": "second"}))
    longest = time.monotonic() - started
    for number in range(rounds):
        after = source.uniform(0, longest)
        wrong = one_round(folder, root, number, after)
        if wrong:
            return f"round {number}, killed after {after:.3f} of {longest:.3f} s: {wrong}"
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
