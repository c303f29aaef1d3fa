"""Building again: nothing changed, a file added to an extra tree, one late hook changed.

The tree is a copy of hooks.d with a hook at the end of chroot/ that copies a tree of files
into the root, as people keep one beside their hooks. All targets are built once before, with fast
compression.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import harness
from livecd_rootfs.hooktree import HookTree

ROUNDS = 3
NOTHING_AT_MOST, FILE_AT_MOST, LATE_AT_MOST = 3.0, 8.0, 1.0
HOOKS = Path(__file__).resolve().parent.parent / "hooks.d"
EXTRA_HOOK = "chroot/970-extra.chroot"
EXTRA = """\
#!/bin/sh
# hook: env= inputs=extra/tree network=no
set -eu
cp -a /root/config/hooks.d/extra/tree/. /
"""
LATE_HOOK = "base/qcow2-image.binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: wall seconds, and those of each step that was not reused."""

    seconds: float
    steps: Mapping[str, float]


def main() -> int:
    """Measure, print, and tell by the exit status whether the limits were kept."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        place = Path(name)
        tree = plant(place / "hooks.d")
        targets = [each for each in HookTree(str(tree)).series_names() if provides(tree, each)]
        first = build(place, *targets)
        print(f"  {len(targets)} targets from nothing: {first.seconds:.1f} s")
        kept = [
            nothing(place, targets),
            a_file(place, tree),
            late_hook(place, tree),
        ]
    return 0 if all(kept) else 1


def nothing(place: Path, targets: list[str]) -> bool:
    """All targets, of which nothing has changed."""
    return verdict("all targets again", lambda _: build(place, *targets).seconds, NOTHING_AT_MOST)


def a_file(place: Path, tree: Path) -> bool:
    """A qcow2 with one file more."""

    def one(number: int) -> float:
        (tree / f"extra/tree/etc/added-{number}").write_text("added\n")
        run = build(place, "qcow2")
        print("    " + ", ".join(f"{name} {took:.1f} s" for name, took in run.steps.items()))
        return run.seconds

    return verdict("a file added to an extra tree, then qcow2", one, FILE_AT_MOST)


def late_hook(place: Path, tree: Path) -> bool:
    """A qcow2 whose last hook is another one: what comes on top of that hook's time."""

    def one(number: int) -> float:
        with (tree / LATE_HOOK).open("a") as hook:
            hook.write(f"# {number}\n")
        run = build(place, "qcow2")
        return run.seconds - run.steps[LATE_HOOK]

    return verdict("one late hook changed, on top of its own time", one, LATE_AT_MOST)


def verdict(what: str, one: Callable[[int], float], limit: float) -> bool:
    """The median of some rounds, in seconds, and whether it keeps within its limit."""
    return harness.verdict(
        f"seconds: {what}", statistics.median(one(number) for number in range(ROUNDS)), limit
    )


def provides(tree: Path, target: str) -> bool:
    """Whether a target has artifacts of its own, so that it is none of the aggregates.

    The image pipeline, of which mkosi.conf says what it makes, is not among them.
    """
    series = HookTree(str(tree)).series(target)
    return (
        target != "image"
        and series is not None
        and any(entry.kind == "provides" for entry in series.entries)
    )


def plant(tree: Path) -> Path:
    """A copy of the hooks, with an extra tree."""
    shutil.copytree(HOOKS, tree, symlinks=True)
    (tree / "extra/tree/etc").mkdir(parents=True)
    (tree / "extra/tree/etc/added").write_text("first\n")
    (tree / EXTRA_HOOK).write_text(EXTRA)
    (tree / EXTRA_HOOK).chmod(0o755)
    return tree


def build(place: Path, *targets: str) -> Run:
    """One run of the program; what it says tells the seconds of its steps."""
    argv: tuple[str | Path, ...] = (
        *(sys.executable, "-m", "livecd_rootfs", "build", *targets, "--progress", "json"),
        *("--tree", place / "hooks.d", "--cache", place / "cache", "--output", place / "out"),
        *("--compression", "fast"),
    )
    started = time.perf_counter()
    said = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout
    seconds = time.perf_counter() - started
    events = [json.loads(line) for line in said.splitlines()]
    ended = [event for event in events if event["event"] == "step-ended"]
    return Run(seconds=seconds, steps={each["name"]: each["seconds"] for each in ended})


if __name__ == "__main__":
    sys.exit(main())
