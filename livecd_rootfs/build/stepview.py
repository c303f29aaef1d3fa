"""The configuration as one step sees it: no more than what its key holds.

    common, bootstrap, chroot, binary   settings, for hooks to source
    functions                           shell functions, likewise
    hooks.d/                            the hook and its support files
    hooks/                              links and explicit_provides, for final hooks alone

It is shown read-only as ``config``: what a step wrote there would be lost with
it, so writing must fail loudly.
"""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from livecd_rootfs import hooksdir, shell
from livecd_rootfs.resolve import Resolution

FUNCTIONS = "functions"

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
_LIVE_BUILD = {
    "LB_ARCHITECTURE": "ARCH",
    "LB_ARCHITECTURES": "ARCH",
    "LB_DISTRIBUTION": "SUITE",
    "LB_MODE": "DISTRIBUTION",
}


def make(view: Path, tree: Path, files: Iterable[str], variables: Mapping[str, str]) -> None:
    """Fill an empty directory.

    Args:
        view: the directory.
        tree: the hooks.d.
        files: what of it is copied, relative to it; links inside stay links.
        variables: the step's own environment: what it may not read is not there.
    """
    for name, values in config_files(variables).items():
        (view / name).write_text(assignments(values))
    (view / FUNCTIONS).write_text(shell.functions(), encoding="utf-8")
    for name in files:
        _copy(tree, name, view / "hooks.d")


def _copy(tree: Path, name: str, view: Path) -> None:
    """A link to something outside the tree would dangle in the copy: its content goes there."""
    source, target = tree / name, view / name
    if os.path.lexists(target):
        return
    if any((tree / parent).is_symlink() for parent in Path(name).parents):
        return  # it came with the folder that is linked
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() and source.resolve().is_relative_to(tree.resolve()):
        target.symlink_to(os.readlink(source))  # noqa: PTH115 (a Path would change the text)
        _bring(tree, source.resolve().relative_to(tree.resolve()), view)
    elif source.is_dir():
        if source.is_symlink():
            shutil.copytree(source, target, dirs_exist_ok=True)
        target.mkdir(exist_ok=True)
    else:
        shutil.copy(source, target)


def _bring(tree: Path, name: Path, view: Path) -> None:
    """What a link in the tree leads to comes along, so that it does not dangle."""
    target = view / name
    if (tree / name).is_file() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree / name, target)


def config_files(variables: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Which variables stand in which file.

    Names with ``LB_`` are those of live-build's own configuration files, and
    BUILDSTAMP is the serial, which Launchpad gives as a time.
    """
    shared = {name: variables[name] for name in _SHARED if name in variables}
    system = {name: variables[own] for name, own in _LIVE_BUILD.items() if own in variables}
    date = int(variables["SOURCE_DATE_EPOCH"])
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(date))
    for_hooks = {**shared, **system, "BUILDSTAMP": stamp, "IMAGEFORMAT": ""}
    return {"common": shared, "bootstrap": system, "chroot": for_hooks, "binary": for_hooks}


def settle(view: Path, date: int) -> None:
    """Give everything in the directory one time, which a hook may copy into what it makes.

    Args:
        view: the directory.
        date: seconds since 1970.
    """
    for folder, folders, files in os.walk(view, topdown=False):
        for name in (*files, *folders):
            os.utime(Path(folder, name), (date, date), follow_symlinks=False)
    os.utime(view, (date, date))


def assignments(values: Mapping[str, str]) -> str:
    """``NAME='value'`` lines that a shell can source whatever the values hold."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def add_links(view: Path, resolution: Resolution) -> None:
    """The numbered links, and explicit_provides, as make-hooks makes them."""
    real = view.resolve()
    tree, links = str(real / "hooks.d"), str(real / "hooks")
    hooksdir.apply(hooksdir.plan(resolution, tree=tree, directory=links))
