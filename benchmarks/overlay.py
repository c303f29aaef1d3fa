"""A project with a build script: an edited source against a cold run, an overlay against a second image.

The project compiles a C program with a library, and becomes a disk. An edited
source is built in the same cache as the cold run before it. What the build overlay
takes (its steps' seconds, its layers' bytes) is set against a second full root
with the build packages in it, as builders make one that have no such overlay.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import harness
from livecd_rootfs import trees

ROUNDS = 3
EDITED_AT_MOST, WALL_AT_MOST, DISK_AT_MOST = 0.6, 1.0, 1.0
MIB = 1 << 20
HOOKS = Path(__file__).resolve().parent.parent / "hooks.d"
ASIDE = ("base/build-packages.binary", "base/prepare-build.binary", "base/build-script.binary")
SECOND = "base/skeleton-trees.binary\nbase/install-distribution.binary\nbase/configure.binary\n"
BUILD_PACKAGES = "gcc libc6-dev zlib1g-dev"
CONF = "[Output]\nImageId=bench\n\n[Content]\nPackages=zlib1g {more}\n"
BUILD = """\
#!/bin/sh -e
mkdir -p "$DESTDIR/usr/bin"
gcc -O2 -o "$DESTDIR/usr/bin/hello" "$SRCDIR/hello.c" -lz
"""
SOURCE = """\
#include <stdio.h>
#include <zlib.h>
int main(void) { printf("hello %d, %s\\n", NUMBER, zlibVersion()); return 0; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: wall seconds, and of each step that was not reused seconds and bytes."""

    seconds: float
    steps: Mapping[str, tuple[float, int]]

    def sums(self, names: Iterable[str]) -> tuple[float, float]:
        """Seconds and MiB of some steps."""
        found = [self.steps[name] for name in names]
        return sum(each[0] for each in found), sum(each[1] for each in found) / MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round gave: seconds of the runs, and (seconds, MiB) of the two ways to build."""

    cold: float
    edited: float
    overlay: tuple[float, float]
    second: tuple[float, float]


def main() -> int:
    """Measure in pairs, print, and tell by the exit status whether the limits were kept."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        place = Path(name)
        plant(place)
        tools = (sys.executable, "-m", "livecd_rootfs", "tools", "--cache", place / "cache")
        subprocess.run(tools, check=True, stdout=subprocess.DEVNULL)
        rounds = [one_round(place, number) for number in range(ROUNDS)]
    for each in rounds:
        print(
            f"  cold {each.cold:.1f} s, edited {each.edited:.1f} s; overlay {each.overlay[0]:.1f} s"
            f" {each.overlay[1]:.0f} MiB, second root {each.second[0]:.1f} s"
            f" {each.second[1]:.0f} MiB"
        )
    kept = [
        verdict("an edited source to a cold run", rounds_of(rounds, "edited"), EDITED_AT_MOST),
        verdict("overlay to a second root, wall", rounds_of(rounds, "wall"), WALL_AT_MOST),
        verdict("overlay to a second root, disk", rounds_of(rounds, "disk"), DISK_AT_MOST),
    ]
    return 0 if all(kept) else 1


def rounds_of(rounds: Sequence[Round], what: str) -> Sequence[float]:
    """The ratio of each round."""
    ratios = {
        "edited": [each.edited / each.cold for each in rounds],
        "wall": [each.overlay[0] / each.second[0] for each in rounds],
        "disk": [each.overlay[1] / each.second[1] for each in rounds],
    }
    return ratios[what]


def verdict(what: str, ratios: Sequence[float], limit: float) -> bool:
    """The median of the rounds' ratios, and whether it keeps within its limit."""
    return harness.verdict(what, statistics.median(ratios), limit)


def one_round(place: Path, number: int) -> Round:
    """A cold run, the same with another source, and a second root, which shares nothing."""
    clear(place)
    write(place / "project", number=2 * number)
    cold = build(place, "image", "project")
    write(place / "project", number=2 * number + 1)
    edited = build(place, "image", "project")
    clear(place)
    second = build(place, "second", "other")
    return Round(
        cold=cold.seconds,
        edited=edited.seconds,
        overlay=cold.sums(ASIDE),
        second=second.sums(second.steps),
    )


def clear(place: Path) -> None:
    """Begin with an empty store and no output; the tools root stays."""
    for path in (place / "cache/store", place / "out"):
        trees.remove(path)


def plant(place: Path) -> None:
    """The tree of hooks with a series for a second root, and both projects."""
    shutil.copytree(HOOKS, place / "hooks.d", symlinks=True)
    (place / "hooks.d/base/series/second").write_text(SECOND)
    for name, more in (("project", ""), ("other", BUILD_PACKAGES)):
        (place / name).mkdir()
        (place / name / "mkosi.conf").write_text(CONF.format(more=more))
    with (place / "project/mkosi.conf").open("a") as conf:
        conf.write(f"BuildPackages={BUILD_PACKAGES}\n")
    (place / "project/mkosi.build").write_text(BUILD)
    (place / "project/mkosi.build").chmod(0o755)


def write(project: Path, *, number: int) -> None:
    """The source, which becomes another program with each number."""
    (project / "hello.c").write_text(f"#define NUMBER {number}\n{SOURCE}")


def build(place: Path, target: str, project: str) -> Run:
    """One run of the program; what it says tells the seconds and bytes of its steps."""
    argv: tuple[str | Path, ...] = (
        *(sys.executable, "-m", "livecd_rootfs", "build", target, "--progress", "json"),
        *("--tree", place / "hooks.d", "--cache", place / "cache", "--output", place / "out"),
    )
    started = time.perf_counter()
    said = subprocess.run(
        argv,
        cwd=place / project,
        env={**os.environ, "PYTHONPATH": str(HOOKS.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    seconds = time.perf_counter() - started
    events = [json.loads(line) for line in said.splitlines()]
    ended = [event for event in events if event["event"] == "step-ended"]
    return Run(
        seconds=seconds,
        steps={each["name"]: (each["seconds"], each["size"]) for each in ended},
    )


if __name__ == "__main__":
    sys.exit(main())
