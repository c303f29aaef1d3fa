"""A program that builds layers in children and kills them at random moments.

python -m tests.layers.killed CACHE SEED ROUNDS

It ends with a message if anything was left behind or broken, or nothing is ever built.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from livecd_rootfs import kernel
from livecd_rootfs.layers import gc, seal, treehash
from livecd_rootfs.layers.gc import Limits
from livecd_rootfs.layers.store import Store
from tests.layers.steps import Build, build, staged, write

STEPS = 4
LONGEST = 0.03
LITTLE = 30_000


def chain(run: Build, branch: int) -> None:
    """Some steps of which the first are common to all branches."""
    for number in range(STEPS):
        own = branch if number > 1 else 0
        run.step(f"{number} {own}", write(f"file {number}", f"{own}" * 5000))


def child(cache: Path, branch: int) -> None:
    """What is to be killed: it builds, seals, and makes room."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    store = Store.open(cache)
    with build(store, cache / "slot", lambda: None) as run:
        chain(run, branch)
        seal.seal(store)
    gc.collect(store, Limits(size=LITTLE), now=time.time())


def fork(cache: Path, branch: int) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child(cache, branch)
            status = 0
        finally:
            os._exit(status)
    return pid


def one_round(cache: Path, source: random.Random) -> int:
    """Two children at once, one of which is killed; gives how many failed of themselves."""
    children = [fork(cache, source.randint(1, 3)) for _ in range(2)]
    time.sleep(source.uniform(0, LONGEST))
    os.kill(children[0], signal.SIGKILL)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    return sum(status not in {0, -signal.SIGKILL} for status in statuses)


def left_behind(cache: Path) -> str | None:
    store = Store.open(cache)
    if staged(store):
        return f"staging: {staged(store)}"
    names = {path.name for path in store.layout.layers.iterdir()}
    if names != {layer.key for layer in store.layers()}:
        return "a layer that is not whole"
    if str(cache) in Path("/proc/self/mountinfo").read_text():
        return "a mount"
    return None


def wrong_result(cache: Path) -> str | None:
    """What a build on the store makes, against one on a store that is new."""
    found = []
    for place in (cache, cache / "new"):
        with build(Store.open(place), cache / "slot") as run:
            chain(run, 1)
            with run.merged() as merged:
                found.append(treehash.digest(merged))
    return None if found[0] == found[1] else "another result"


def main(cache: Path, seed: int, rounds: int) -> str | None:
    source = random.Random(seed)  # noqa: S311 (moments, not secrets)
    for number in range(rounds):
        failed = one_round(cache, source)
        left = "a child failed" if failed else left_behind(cache)
        if left:
            return f"round {number}: {left}"
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    return wrong_result(cache)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
