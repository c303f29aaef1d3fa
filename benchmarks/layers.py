"""What layers cost on top of their hooks: time a step, memory of the program, room in the store.

The hooks do nothing worth mentioning, and there is no root. A step's own
cost is its share of the time of a chain of 30 steps, less the time of as many shells.
Memory is measured with 50 builds of 20 steps each of their own, all of which run.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from benchmarks import harness

DEPTH, ROUNDS = 30, 5
STEP_MS_AT_MOST = 30.0
BUILDS, STEPS_A_BUILD = 50, 20
MEBIBYTES_AT_MOST = 150.0
STORE_RATIO_AT_MOST = 1.05
# Layers of some size, as real ones are: a store's own files are weighed against these.
BYTES_A_STEP = 1 << 20
HOOK = "#!/bin/sh\n# hook: env= inputs=\n{body}\n"


def main() -> int:
    """Measure, print, and tell by the exit status whether the limits were kept."""
    with folder() as here:
        kept = [cost_of_a_step(here / "cost")]
    with folder() as here:
        kept.append(memory(here / "memory"))
    with folder() as here:
        kept.append(room(here / "room"))
    return 0 if all(kept) else 1


@contextmanager
def folder() -> Iterator[Path]:
    """A directory on a disk: the upper directories of overlays must be there as in real life."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        yield Path(name)


def cost_of_a_step(place: Path) -> bool:
    """The median over all steps and rounds of a step's time, less what the shell itself takes."""
    plant(place / "hooks.d", {"deep": [f"{n:03}" for n in range(DEPTH)]}, ":")
    taken = [seconds for _ in range(ROUNDS) for seconds in steps_of_a_run(place)]
    shells = [seconds_of(place / "hooks.d/base/000.binary") for _ in range(DEPTH)]
    own = (statistics.median(taken) - statistics.median(shells)) * 1000
    print(f"  a shell that does nothing: {statistics.median(shells) * 1000:.1f} ms")
    return harness.verdict(f"own ms a step, {DEPTH} deep", own, STEP_MS_AT_MOST)


def steps_of_a_run(place: Path) -> list[float]:
    """Seconds from the begin of each step to that of the next: all that a step costs."""
    harness.command(("rm", "-rf", "--one-file-system", place / "cache"))()
    said = subprocess.Popen(
        argv(place, "deep", "--progress", "json"), stdout=subprocess.PIPE, text=True
    )
    begun = [
        time.perf_counter()
        for line in said.stdout or ()
        if json.loads(line)["event"] in {"step-started", "run-ended"}
    ]
    if said.wait():
        raise subprocess.CalledProcessError(said.returncode, "build")
    return [after - before for before, after in pairwise(begun)][1:]


def seconds_of(hook: Path) -> float:
    """How long the hook takes by itself."""
    started = time.perf_counter()
    subprocess.run((hook,), check=True)
    return time.perf_counter() - started


def memory(place: Path) -> bool:
    """The most memory that any process of a run took."""
    targets = {
        f"b{build}": [f"{build}-{n}" for n in range(STEPS_A_BUILD)] for build in range(BUILDS)
    }
    plant(place / "hooks.d", targets, ":")
    used = harness.usage(argv(place, *targets, "--progress", "plain"))
    print(f"  {BUILDS} builds, {BUILDS * STEPS_A_BUILD} steps: {used.seconds:.1f} s")
    return harness.verdict("MiB of memory", used.mebibytes, MEBIBYTES_AT_MOST)


def room(place: Path) -> bool:
    """What the store takes, against the sum of what the steps have changed."""
    body = f"head -c {BYTES_A_STEP} /dev/urandom >$(basename $0)"
    plant(place / "hooks.d", {"deep": [f"{n:03}" for n in range(DEPTH)]}, body)
    harness.command(argv(place, "deep"))()
    store = place / "cache" / "store"
    layers = sum(bytes_of(diff) for diff in store.glob("layers/*/*/diff")) or sum(
        bytes_of(diff) for diff in store.glob("layers/*/diff")
    )
    ratio = bytes_of(store) / layers
    return harness.verdict("store to layers", ratio, STORE_RATIO_AT_MOST)


def bytes_of(path: Path) -> int:
    """What a directory takes on its disk, in bytes."""
    said = subprocess.run(("du", "-sB1", path), capture_output=True, text=True, check=True)
    return int(said.stdout.split()[0])


def argv(place: Path, *words: str) -> Sequence[str | Path]:
    """The command line of a build without a root."""
    return (
        *(sys.executable, "-m", "livecd_rootfs", "build", *words),
        *("--tree", place / "hooks.d", "--base", "none", "--tools", "host"),
        *("--cache", place / "cache", "--output", place / "out", "--project", "bench"),
    )


def plant(tree: Path, targets: dict[str, list[str]], body: str) -> None:
    """A tree of targets, each a list of hooks, which all do the same."""
    (tree / "base/series").mkdir(parents=True)
    (tree / "chroot").mkdir()
    for target, names in targets.items():
        for name in names:
            hook = tree / f"base/{name}.binary"
            hook.write_text(HOOK.format(body=body))
            hook.chmod(0o755)
        lines = [f"base/{name}.binary\n" for name in names]
        (tree / "base/series" / target).write_text("".join(lines))


if __name__ == "__main__":
    sys.exit(main())
