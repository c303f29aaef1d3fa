"""Six targets in one run, against six runs of one target each with an empty store: CPU and wall.

Fast compression, so that what is shared counts and not what every target does for itself.
The tools root is there already in both ways.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import harness
from livecd_rootfs import trees

TARGETS = ("squashfs", "tarball", "qcow2", "vmdk", "vagrant", "wsl")
CPU_AT_MOST = 0.35


def main() -> int:
    """Measure, print, and tell by the exit status whether the limit was kept."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        place = Path(name)
        harness.command(program("tools", "--cache", place / "cache"))()
        together = build(place, TARGETS)
        alone = [build(place, (target,)) for target in TARGETS]
    for target, used in zip(("all six", *TARGETS), (together, *alone), strict=True):
        print(f"  {target:10} {used.seconds:6.1f} s, {used.cpu_seconds:6.1f} s of processors")
    wall = together.seconds / sum(used.seconds for used in alone)
    print(f"  wall, together to alone: {wall:.2f}")
    cpu = together.cpu_seconds / sum(used.cpu_seconds for used in alone)
    return 0 if harness.verdict("processor, together to alone", cpu, CPU_AT_MOST) else 1


def build(place: Path, targets: tuple[str, ...]) -> harness.Usage:
    """A build that begins with an empty store."""
    trees.remove(place / "cache" / "store")
    shutil.rmtree(place / "out", ignore_errors=True)
    words = ("--compression", "fast", "--cache", place / "cache", "--output", place / "out")
    return harness.usage(program("build", *targets, *words))


def program(*words: str | Path) -> tuple[str | Path, ...]:
    """The command line of the program itself."""
    return (sys.executable, "-m", "livecd_rootfs", *words)


if __name__ == "__main__":
    sys.exit(main())
