"""What each format costs by ``--compression``, on one core and on all, against the plain tool.

The hooks run on a root and a disk that a build has made; by hand is what one
would type for the same format with the same tool and level, without care for
the same bytes in every run, or for what is in it. Neither waits for a disk:
what a hook writes in a build does not either (its overlay is mounted so), so
all this is in memory where there is room. Nor does either remove what the run
before it has made. Words choose wishes and targets, as in
``python -m benchmarks.compression small squashfs wsl``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import harness
from livecd_rootfs.steps.compression import DECISIONS, Format, stream_argv
from livecd_rootfs.steps.qcow2 import convert_argv
from livecd_rootfs.steps.squashfs import BLOCK_SIZE
from livecd_rootfs.variants import COMPRESSIONS

ROUNDS = 3
LIMIT = 1.1
HOOKS = Path(__file__).parents[1] / "hooks.d/base"
WISHES = ("fast", "balanced")
ROOT, DISK = "rootfs.dir", "binary/boot/disk-uefi.ext4"
MEGABYTE = 1e6
ROOM = 4 << 30
TAR = f"tar --create --numeric-owner --xattrs -C {ROOT} ."
# An image of that format names its layer by two digests: packed, and as a tar.
OCI = f"""\
mkdir -p blobs
mkfifo tar
sha256sum <tar >config &
{TAR} | tee tar | PACK >blobs/layer
wait
sha256sum blobs/layer >index
tar --create --remove-files blobs config index >by-hand
rm tar"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A target: its hook, what it makes, how it is compressed, and the same by hand."""

    hook: str
    suffix: str
    what: Format
    hand: str


WAYS = (
    Way(
        hook="squashfs",
        suffix=".squashfs",
        what=Format.SQUASHFS,
        hand=f"mksquashfs {ROOT} by-hand -noappend -quiet -no-progress -b {BLOCK_SIZE} -comp ALGORITHM",
    ),
    Way(hook="tarball", suffix=".rootfs.tar.xz", what=Format.XZ, hand=f"{TAR} | PACK >by-hand"),
    Way(
        hook="tarball-zst",
        suffix=".rootfs.tar.zst",
        what=Format.ZSTD,
        hand=f"{TAR} | PACK >by-hand",
    ),
    Way(hook="wsl", suffix=".wsl.rootfs.tar.gz", what=Format.GZIP, hand=f"{TAR} | PACK >by-hand"),
    Way(hook="oci", suffix=".oci.tar", what=Format.GZIP, hand=OCI),
    Way(
        hook="qcow2-image",
        suffix=".img",
        what=Format.QCOW2,
        hand="QEMU_IMG",
    ),
    Way(
        hook="gce",
        suffix=".gce.tar.gz",
        what=Format.GZIP,
        hand=f"tar --create --sparse --format=oldgnu {DISK} | PACK >by-hand",
    ),
    Way(hook="disk1-img-xz", suffix=".disk1.img.xz", what=Format.XZ, hand=f"PACK <{DISK} >by-hand"),
)


def by_hand(way: Way, wish: str) -> str:
    """The shell line of the plain tool."""
    method = DECISIONS[way.what][wish]
    if way.what is Format.QCOW2:
        return shlex.join(convert_argv(Path(DISK), Path("by-hand"), method))
    if way.what is Format.SQUASHFS:
        level = "" if method.level is None else f" -Xcompression-level {method.level}"
        return way.hand.replace("ALGORITHM", method.algorithm) + level
    packer = shlex.join(stream_argv(method, len(os.sched_getaffinity(0))))
    return way.hand.replace("PACK", packer)


def environment(folder: Path, wish: str) -> Mapping[str, str]:
    """What a build gives these hooks, with the host's tools, as the hand's are."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HOOKS.parents[1]),
        "PROJECT": "bench",
        "SOURCE_DATE_EPOCH": "1700000000",
        "LIVECD_SCRATCH": str(folder),
        "LIVECD_TOOLS": "host",
        "COMPRESSION": wish,
    }


@contextmanager
def made() -> Iterator[Path]:
    """A build directory with the root and the disk of a real build."""
    place = harness.roomy(ROOM)
    with tempfile.TemporaryDirectory(prefix="livecd-bench-", dir=place) as name:
        folder = Path(name)
        out, build = folder / "out", folder / "build"
        for path in (build / ROOT, (build / DISK).parent):
            path.mkdir(parents=True)
        run = (sys.executable, "-m", "livecd_rootfs", "build", "tarball-zst,gce", "-o", out)
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        (tarball,), (image,) = out.glob("*.tar.zst"), out.glob("*.gce.tar.gz")
        unpack = ("tar", "-xp", "--xattrs", "--xattrs-include=*", "--numeric-owner")
        subprocess.run((*unpack, "-C", build / ROOT, "-f", tarball), check=True)
        subprocess.run(("tar", "-xS", "-C", build, "-f", image), check=True)
        (build / "disk.raw").rename(build / DISK)
        for suffix in (".manifest", ".spdx.json"):
            (made_by,) = out.glob(f"*.gce{suffix}")
            made_by.rename(build / f"livecd.bench{suffix}")
        yield build


def contenders(build: Path, way: Way, wish: str, before: Sequence[str]) -> list[harness.Contender]:
    """By hand and ours, behind a command that may take cores away."""
    env = environment(build.parent, wish)
    hook: tuple[str | Path, ...] = (*before, sys.executable, HOOKS / f"{way.hook}.binary")
    hand = (*before, "sh", "-euc", by_hand(way, wish))
    return [
        harness.Contender(
            name="by hand",
            run=harness.command(hand, cwd=build),
            prepare=lambda: (build / "by-hand").unlink(missing_ok=True),
        ),
        harness.Contender(
            name="ours",
            run=harness.command(hook, cwd=build, env=env),
            prepare=lambda: (build / f"livecd.bench{way.suffix}").unlink(missing_ok=True),
        ),
    ]


def measure(build: Path, way: Way, wish: str) -> bool:
    """Print one line of the table; whether all cores do as well as by hand."""
    one = harness.measure(contenders(build, way, wish, ("taskset", "-c", "0")), rounds=1, warm_up=0)
    every = harness.measure(contenders(build, way, wish, ()), rounds=ROUNDS, warm_up=0)
    size = (build / f"livecd.bench{way.suffix}").stat().st_size / MEGABYTE
    hand_size = (build / "by-hand").stat().st_size / MEGABYTE
    ratio = every.ratio("ours", "by hand")
    print(
        f"  {way.hook:<14}{wish:<10}{DECISIONS[way.what][wish]!s:<9}"
        f"{one.median('ours'):7.1f}{every.median('ours'):8.1f}{size:8.0f}"
        f"{every.median('by hand'):10.1f}{hand_size:8.0f}{ratio:8.2f}",
        flush=True,
    )
    return ratio <= LIMIT


def main(words: Sequence[str]) -> int:
    """Measure ways by wishes: those that are named, else all ways by the usual wishes."""
    hooks = {way.hook for way in WAYS}
    if unknown := set(words) - set(COMPRESSIONS) - hooks:
        print(f"compression: no {', '.join(sorted(unknown))}; some of {', '.join(COMPRESSIONS)}, "
              f"{', '.join(sorted(hooks))}")  # fmt: skip
        return 2
    wishes = [wish for wish in COMPRESSIONS if wish in words] or WISHES
    ways = [way for way in WAYS if way.hook in words] or WAYS
    print("  target        wish      method   1 core s  all s      MB by hand s      MB   ratio")
    with made() as build:
        passed = [measure(build, way, wish) for way in ways for wish in wishes]
    print(f"  {passed.count(False)} of {len(passed)} are over {LIMIT} of the time by hand")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
