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
from collections.abc import Mapping
from pathlib import Path

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


def write_config(build: Path, environment: Mapping[str, str], stamp: str) -> None:
    """Write the files that hooks source; every value is quoted for the shell.

    Names with ``LB_`` are those of live-build's own configuration files.
    """
    config = build / "config"
    shared = {
        name: environment[name]
        for name in (
            "PROJECT", "SUBPROJECT", "ARCH", "SUBARCH", "SUITE", "PREFIX", "IMAGE_TARGETS",
            "SOURCE_DATE_EPOCH",
        )
    }
    debian = {
        "LB_ARCHITECTURE": environment["ARCH"],
        "LB_ARCHITECTURES": environment["ARCH"],
        "LB_DISTRIBUTION": environment["SUITE"],
        "LB_MODE": environment["DISTRIBUTION"],
    }
    hooks = {**shared, "BUILDSTAMP": stamp, "IMAGEFORMAT": "", "LB_DISTRIBUTION": debian["LB_DISTRIBUTION"]}
    files = {"common": shared, "bootstrap": debian, "chroot": hooks, "binary": hooks}
    for name, values in files.items():
        (config / name).write_text(assignments(values))


def assignments(values: Mapping[str, str]) -> str:
    """``NAME='value'`` lines that a shell can source whatever the values hold."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
