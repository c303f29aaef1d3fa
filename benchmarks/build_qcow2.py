"""A qcow2 of Debian stable by ``livecd-rootfs build``, against the same made by hand.

By hand is what a careful engineer would type: mmdebstrap with the same packages,
``mke2fs -d``, and ``qemu-img convert -c``, on the same disk, without the hooks
that make a root a clean cloud image, and without partitions and boot loader. Both
begin without a root; our tools root is there already, as the hand's tools are.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import harness
from livecd_rootfs import distributions, trees
from livecd_rootfs.settings import DEFAULT_SUITE, host_architecture

ROUNDS = 3
LIMIT = 1.15
ROOM = "3G"


def packages() -> str:
    """The packages of our image, for the hand's command line."""
    suite = distributions.find_suite(DEFAULT_SUITE)
    return ",".join(distributions.packages(suite, host_architecture()))


def ours(folder: Path) -> harness.Contender:
    """The build, with an empty output and an empty store; only the tools root is there."""
    build = (sys.executable, "-m", "livecd_rootfs", "build", "qcow2", "--cache", folder / "cache")
    return harness.Contender(
        name="livecd-rootfs build qcow2",
        run=harness.command((*build, "--output", folder / "out")),
        prepare=lambda: clear(folder / "out", folder / "cache" / "store"),
    )


def by_hand(folder: Path) -> harness.Contender:
    """The three commands."""
    root, raw, image = folder / "root", folder / "disk.raw", folder / "disk.qcow2"
    variant = f"--variant={distributions.VARIANT}"
    bootstrap = ("mmdebstrap", "--quiet", variant, f"--include={packages()}", DEFAULT_SUITE, root)

    def run() -> None:
        for command in (
            bootstrap,
            ("mke2fs", "-q", "-t", "ext4", "-d", root, raw, ROOM),
            ("qemu-img", "convert", "-c", "-O", "qcow2", raw, image),
        ):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return harness.Contender(
        name="mmdebstrap, mke2fs, qemu-img",
        run=run,
        prepare=lambda: clear(root, raw, image),
    )


def clear(*paths: Path) -> None:
    """Remove what the round before left."""
    for path in paths:
        trees.remove(path)


def main() -> int:
    """Measure in pairs, print medians and the ratio."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        subprocess.run(
            (sys.executable, "-m", "livecd_rootfs", "tools", "--cache", folder / "cache"),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        hand, build = by_hand(folder), ours(folder)
        measured = harness.measure([hand, build], rounds=ROUNDS, warm_up=0)
    print(measured.table(hand.name))
    ratio = measured.ratio(build.name, hand.name)
    return 0 if harness.verdict("ours to by hand", ratio, LIMIT) else 1


if __name__ == "__main__":
    sys.exit(main())
