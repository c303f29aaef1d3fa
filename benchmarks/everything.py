"""``livecd-rootfs build all`` from nothing, against the sum of the same formats made by hand.

By hand every format is made from one root and one disk by the plain tool at the same
level, one after the other, as a script of one's own would do it; without boot loader,
inventories, or care for the same bytes in every run. Both are run once: it takes minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import compression, harness
from benchmarks.build_qcow2 import ROOM, packages
from livecd_rootfs import distributions
from livecd_rootfs.settings import DEFAULT_SUITE
from livecd_rootfs.variants import COMPRESSION_DEFAULT

VMDK = f"qemu-img convert -O vmdk -o subformat=streamOptimized {compression.DISK} disk.vmdk"


def by_hand() -> Iterator[tuple[str, str]]:
    """What is made, and the shell line that makes it."""
    bootstrap = f"mmdebstrap --quiet --variant={distributions.VARIANT} --include={packages()}"
    yield "root", f"{bootstrap} {DEFAULT_SUITE} {compression.ROOT}"
    disk = (
        f"mkdir -p binary/boot; mke2fs -q -t ext4 -d {compression.ROOT} {compression.DISK} {ROOM}"
    )
    yield "disk", disk
    for way in compression.WAYS:
        yield way.hook, compression.by_hand(way, COMPRESSION_DEFAULT)
    yield "vmdk and ova", f"{VMDK}; tar -cf disk.ova disk.vmdk"
    azure = "-O vpc -o subformat=fixed,force_size"
    yield "azure", f"qemu-img convert {azure} {compression.DISK} disk.vhd"
    yield "vagrant, VirtualBox", f"{VMDK}; tar -c disk.vmdk | gzip >virtualbox.box"
    convert = f"qemu-img convert -c -O qcow2 {compression.DISK} box.img"
    yield "vagrant, libvirt", f"{convert}; tar -c box.img | gzip >libvirt.box"


def one_by_one(place: Path) -> float:
    """The seconds of all lines together; each is told."""
    total = 0.0
    for name, line in by_hand():
        started = time.perf_counter()
        subprocess.run(("sh", "-euc", line), cwd=place, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - started
        print(f"  by hand: {name:<20} {seconds:6.1f} s", flush=True)
        total += seconds
    return total


def all_at_once(place: Path) -> float:
    """The seconds of the build, with an empty store; only the tools root is there."""
    program = (sys.executable, "-m", "livecd_rootfs")
    harness.command((*program, "tools", "--cache", place / "cache"))()
    build = (*program, "build", "all", "--cache", place / "cache", "--output", place / "out")
    return harness.usage(build).seconds


def main() -> int:
    """Measure and print; there is no limit to it."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        ours = all_at_once(Path(name))
        print(f"  livecd-rootfs build all:      {ours:6.1f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        hand = one_by_one(Path(name))
    print(f"  by hand, together:            {hand:6.1f} s")
    print(f"  ours to by hand: {ours / hand:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
