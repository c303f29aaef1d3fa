"""Random changes to a tree, and the same steps on layers and in a plain directory.

As a program it runs such steps as whoever calls it, in a mount namespace of its own::

    python -m tests.layers.changes FOLDER SEED ROUNDS
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from livecd_rootfs import kernel, trees
from livecd_rootfs.layers import flatten, overlay, treehash
from livecd_rootfs.layers.store import Store
from tests.layers.steps import build, never

# What one change does: a verb, two places, and a number that it may use.
Change = tuple[str, str, str, int]

# Few names, so that changes meet.
FOLDERS = ("a", "b", "a/c", "b/c", "a/c/d")
PLACES = (*FOLDERS, "f", "a/f", "a/g", "b/f", "a/c/f", "a/c/d/f")
# struct vfs_cap_data (linux/capability.h), revision 2, CAP_NET_RAW permitted and effective.
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")


def ordinary(path: Path) -> None:
    """Refuse what must not be opened to be written: a device, or a fifo, which would wait."""
    if path.exists() and not path.is_file():
        raise IsADirectoryError(path)


def write(one: Path, _other: Path, number: int) -> None:
    ordinary(one)
    one.write_text(f"{number}\n" * number)


def sparse(one: Path, _other: Path, number: int) -> None:
    ordinary(one)
    with one.open("wb") as file:
        file.truncate(number << 16)
        file.seek(0, os.SEEK_END)
        file.write(b"end")


def folder(one: Path, _other: Path, _number: int) -> None:
    one.mkdir()


def remove(one: Path, _other: Path, _number: int) -> None:
    if one.is_dir() and not one.is_symlink():
        shutil.rmtree(one)
    else:
        one.unlink()


def again(one: Path, other: Path, number: int) -> None:
    """A folder, removed and made again: empty, though a lower one has content (opaque)."""
    remove(one, other, number)
    one.mkdir()
    write(one / "new", other, number)


def to_file(one: Path, other: Path, number: int) -> None:
    remove(one, other, number)
    write(one, other, number)


def link(one: Path, other: Path, _number: int) -> None:
    one.symlink_to(other.name)


def move(one: Path, other: Path, _number: int) -> None:
    """As hooks move things: mv copies a folder of a lower layer, which can't be renamed.

    Not with hard links in it: moved one by one, they come apart (see ``layers.overlay``).
    """
    if any(one.rglob("h[12]")):
        return
    subprocess.run(["mv", "-T", one, other], stderr=subprocess.DEVNULL, check=False)


def hard_links(one: Path, _other: Path, number: int) -> None:
    """Two names of one file, made together; no other change writes to either of them."""
    for name in ("h1", "h2"):
        (one / name).unlink(missing_ok=True)
    write(one / "h1", one, number)
    (one / "h2").hardlink_to(one / "h1")


def part_links(one: Path, _other: Path, _number: int) -> None:
    (one / "h1").unlink()


def mode(one: Path, _other: Path, number: int) -> None:
    if not one.is_symlink():
        one.chmod((0o700, 0o1777, 0o2755, 0o4755)[number % 4])


def owner(one: Path, _other: Path, number: int) -> None:
    os.chown(one, number, number * 2, follow_symlinks=False)


def xattr(one: Path, _other: Path, number: int) -> None:
    os.setxattr(one, "user.test", b"%d" % number, follow_symlinks=False)


def capability(one: Path, _other: Path, _number: int) -> None:
    os.setxattr(one, "security.capability", CAPABILITY, follow_symlinks=False)


def device(one: Path, _other: Path, _number: int) -> None:
    os.mknod(one, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def fifo(one: Path, _other: Path, _number: int) -> None:
    os.mkfifo(one)


VERBS: dict[str, Callable[[Path, Path, int], None]] = {
    verb.__name__: verb
    for verb in (
        write, sparse, folder, remove, again, to_file, link, move, hard_links, part_links, mode,
        owner, xattr, capability, device, fifo,
    )
}  # fmt: skip


def apply(changes: Sequence[Change], root: Path) -> None:
    """Make the changes; one that is not possible where it stands is left out."""
    for verb, one, other, number in changes:
        with contextlib.suppress(OSError):
            VERBS[verb](root / one, root / other, number)


def layered_and_flat(steps: Sequence[Sequence[Change]], scratch: Path) -> list[str]:
    """Run steps both ways; gives the differences, also of what flattening makes of the layers."""
    flat, slot = scratch / "flat", scratch / "slot"
    flat.mkdir()
    store = Store.open(scratch)
    store.layout.empty.chmod(flat.stat().st_mode & 0o7777)
    with build(store, slot) as run:
        for number, changes in enumerate(steps):
            apply(changes, flat)
            run.step(f"step {number}", partial(apply, changes))
        with run.merged() as merged:
            found = list(treehash.differences(flat, merged))
            assert (treehash.digest(flat) == treehash.digest(merged)) is (not found)
        short = flatten.shortened(store, run.lease, run.chain, slot, never)
        with overlay.mounted(overlay.lowers(short, store.layout.empty), slot):
            return found + [f"flattened: {line}" for line in treehash.differences(flat, slot)]


def random_steps(source: random.Random) -> list[list[Change]]:
    def change() -> Change:
        verb, one, other = source.choice([*VERBS]), source.choice(PLACES), source.choice(PLACES)
        return verb, one, other, source.randint(1, 9)

    return [[change() for _ in range(source.randint(1, 12))] for _ in range(source.randint(1, 6))]


def main(place: Path, seed: int, rounds: int) -> str | None:
    """Run random steps; gives the first difference with what led to it, if any."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    os.umask(0o022)
    flatten.LONGEST_CHAIN = 3
    source = random.Random(seed)  # noqa: S311 (examples, not secrets)
    for _ in range(rounds):
        steps = random_steps(source)
        scratch = Path(tempfile.mkdtemp(dir=place))
        found = layered_and_flat(steps, scratch)
        trees.remove(scratch)
        if found:
            return f"{found}\n{steps}"
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
