"""``auto/clean``: all that a build has made in its directory, and nothing through a mount."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import prune, trees
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.livebuild import lb, written
from livecd_rootfs.livebuild.config import CONFIG, Call
from livecd_rootfs.steps.root_dir import ROOT_DIR

PURGE = "--purge"
# With none of these words live-build cleans everything but its cache.
_PARTS = frozenset({"--cache", "--chroot", "--stage", "--source"})
# Where hooks work: the fixed names that those of livecd-rootfs have always used.
SCRATCH = (ROOT_DIR, f".{ROOT_DIR}.part", "mountpoint", "overlay.dir", "scratch.dir")


def run(call: Call) -> None:
    """Clean the build directory; with ``--purge`` also ``config``.

    Args:
        call: its options go to ``lb clean``.

    Raises:
        LivecdError: something in the directory is mounted and in use, or can't be removed.
    """
    lb.unmount_all(call.place)
    prefixes = _prefixes(call)
    lb.run(("clean", "noauto", *call.options), call.place, call.environ)
    if _PARTS.issuperset(call.options) and call.options:
        return
    for path in call.place.iterdir():
        if path.name in SCRATCH or _is_artifact(path, prefixes):
            trees.remove(path)
    if PURGE in call.options and (call.place / written.SETTINGS).exists():
        trees.remove(call.place / CONFIG)


def _prefixes(call: Call) -> tuple[str, ...]:
    """Of the build that was made here; in a new directory, of the one that is to be made."""
    try:
        known = written.read(call.place / written.SETTINGS)
    except LivecdError:
        known = {name: call.environ.get(name, "") for name in ("PROJECT", "SUBARCH")}
    if not known["PROJECT"]:
        return ()
    return prune.prefixes(known["PROJECT"], known["SUBARCH"])


def _is_artifact(path: Path, prefixes: tuple[str, ...]) -> bool:
    is_file = path.is_symlink() or path.is_file()
    return is_file and path.name.startswith(tuple(f"{prefix}." for prefix in prefixes))
