"""A streamOptimized VMDK of a real disk, against qemu-img, by itself and with all its coroutines.

The disk is that of a build with the cache as it is (BENCH_DISK=path for another one).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import UUID

from benchmarks import harness
from livecd_rootfs import units
from livecd_rootfs.steps import grains
from livecd_rootfs.steps.compression import DECISIONS, Format
from livecd_rootfs.steps.vmdk import Disk
from livecd_rootfs.variants import COMPRESSION_DEFAULT

ROUNDS = 3
LIMIT = 0.6
OUT_OF_ORDER = ("-W", "-m", "16")


def disk(folder: Path) -> Path:
    """The disk to convert."""
    if "BENCH_DISK" in os.environ:
        return Path(os.environ["BENCH_DISK"])
    build = (sys.executable, "-m", "livecd_rootfs", "build", "disk", "--output", folder / "out")
    subprocess.run((*build, "--keep", folder), check=True, stdout=subprocess.DEVNULL)
    return folder / "disk/binary/boot/disk-uefi.ext4"


def ours(source: Path, image: Path) -> harness.Contender:
    """Our writer at the usual level."""
    level = DECISIONS[Format.DEFLATE][COMPRESSION_DEFAULT].level or 0
    made = Disk(name=image.name, size=source.stat().st_size, id=UUID(int=1))
    return harness.Contender(
        name=f"ours, level {level}", run=lambda: grains.write(source, image, made, level=level)
    )


def theirs(source: Path, image: Path, *more: str) -> harness.Contender:
    """qemu-img, which always takes zlib's own level, 6."""
    argv = ("qemu-img", "convert", *more, "-O", "vmdk", "-o", "subformat=streamOptimized")
    return harness.Contender(
        name=" ".join(("qemu-img", *more)), run=harness.command((*argv, source, image))
    )


def main() -> int:
    """Measure in pairs, print medians, sizes and the ratio."""
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        source = disk(folder)
        images = {each: folder / f"{each}.vmdk" for each in ("plain", "many", "ours")}
        plain = theirs(source, images["plain"])
        build = ours(source, images["ours"])
        many = theirs(source, images["many"], *OUT_OF_ORDER)
        measured = harness.measure([plain, many, build], rounds=ROUNDS, warm_up=0)
        sizes = {each: units.size(path.stat().st_size) for each, path in images.items()}
    print(measured.table(plain.name))
    print(f"  {len(os.sched_getaffinity(0))} cores; ours {sizes['ours']}, theirs {sizes['plain']}")
    best = min((plain.name, many.name), key=measured.median)
    kept = harness.verdict("ours to qemu-img", measured.ratio(build.name, plain.name), LIMIT)
    print(f"  the quickest of theirs is {best}: {measured.ratio(build.name, best):.2f}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
