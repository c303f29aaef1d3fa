"""The build directory: what hooks expect to find in it, as live-build would have made it.

chroot/            the target root
binary/boot/       what goes onto a disk
config/hooks.d/    a copy of the tree, so that edits during a build don't matter
config/hooks/      numbered links and explicit_provides, as make-hooks makes them
config/{common,bootstrap,chroot,binary}   settings, for hooks to source
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs import hooksdir
from livecd_rootfs.resolve import Resolution

FOLDERS = ("binary/boot", "config/hooks", "chroot")


def prepare(build: Path, tree: Path, shell_functions: Path) -> None:
    """Make the folders, copy the tree of hooks, and the functions that hooks source."""
    for folder in FOLDERS:
        (build / folder).mkdir(parents=True, exist_ok=True)
    copied = build / "config" / "hooks.d"
    shutil.copytree(tree, copied, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    _materialise_links(copied, tree)
    shutil.copy(shell_functions, build / "config" / "functions")


def _materialise_links(copied: Path, tree: Path) -> None:
    """A link that leads out of the tree would dangle in the copy: put its file there instead."""
    inside = tree.resolve()
    for link in (path for path in tree.rglob("*") if path.is_symlink()):
        target = link.resolve()
        if target.is_file() and inside not in target.parents:
            replaced = copied / link.relative_to(tree)
            replaced.unlink()
            shutil.copy(target, replaced)


_SHARED = (
    "PROJECT",
    "SUBPROJECT",
    "ARCH",
    "SUBARCH",
    "SUITE",
    "PREFIX",
    "IMAGE_TARGETS",
    "SOURCE_DATE_EPOCH",
)


def write_config(build: Path, variables: Mapping[str, str]) -> None:
    """Write the files that hooks source; every value is quoted for the shell.

    Names with ``LB_`` are those of live-build's own configuration files, and
    BUILDSTAMP is the serial, which Launchpad gives as a time.
    """
    shared = {name: variables[name] for name in _SHARED}
    system = {
        "LB_ARCHITECTURE": variables["ARCH"],
        "LB_ARCHITECTURES": variables["ARCH"],
        "LB_DISTRIBUTION": variables["SUITE"],
        "LB_MODE": variables["DISTRIBUTION"],
    }
    date = int(variables["SOURCE_DATE_EPOCH"])
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(date))
    for_hooks = {**shared, **system, "BUILDSTAMP": stamp, "IMAGEFORMAT": ""}
    files = {"common": shared, "bootstrap": system, "chroot": for_hooks, "binary": for_hooks}
    for name, values in files.items():
        (build / "config" / name).write_text(assignments(values))


def assignments(values: Mapping[str, str]) -> str:
    """``NAME='value'`` lines that a shell can source whatever the values hold."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def write_links(build: Path, resolution: Resolution) -> None:
    """The numbered links to the copied hooks, and explicit_provides, as make-hooks makes them."""
    config = (build / "config").resolve()
    tree, links = str(config / "hooks.d"), str(config / "hooks")
    hooksdir.apply(hooksdir.plan(resolution, tree=tree, directory=links))
