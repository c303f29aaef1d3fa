"""What ``lb binary`` leaves in ``binary/boot``, under the names that builders gather."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from livecd_rootfs import prune

BOOT = "binary/boot"
# The files of a kernel, without its version, and what an artifact of it is called.
_KERNEL = (("kernel", re.compile(r"vmlinu[xz]-(.+)")), ("initrd", re.compile(r"initrd\.img-(.+)")))
# Ubuntu's packages of a flavour `virtual` depend on a kernel of another one.
_BUILT_AS = {"virtual": "generic"}


def publish(place: Path, prefix: str, flavours: Sequence[str]) -> tuple[str, ...]:
    """Link what live-build made to ``livecd.*`` in the build directory.

    Hard links, for a builder gathers no symbolic ones. What a hook has made under such a
    name stays: a target asked for it.

    Args:
        place: the build directory.
        prefix: what artifacts' names begin with.
        flavours: the kernels' flavours.

    Returns:
        the names of what is there now.
    """
    boot, made = place / BOOT, []
    for source, suffix in (*_file_systems(boot), *_kernels(boot, flavours)):
        target = place / f"{prefix}.{suffix}"
        if not os.path.lexists(target):
            _link(source, target)
            made.append(target.name)
    return tuple(made)


def _file_systems(boot: Path) -> Iterator[tuple[Path, str]]:
    for suffix in prune.LATER_SUFFIXES:
        source = boot / f"filesystem.{suffix}"
        if source.is_file():
            yield source, suffix


def _kernels(boot: Path, flavours: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """The newest of each flavour, of kernels and of their initramfs."""
    for flavour in flavours:
        for kind, pattern in _KERNEL:
            end = f"-{_BUILT_AS.get(flavour, flavour)}"
            found = [
                path
                for path in boot.glob("*")
                if (match := pattern.fullmatch(path.name)) and match.group(1).endswith(end)
            ]
            if found:
                yield max(found, key=_version), f"{kind}-{flavour}"


def _version(path: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", path.name)))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)  # they are on different file systems
