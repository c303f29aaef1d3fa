"""The kernels in a root's /boot, newest first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from livecd_rootfs.steps import rooted
from livecd_rootfs.values import Value

_IMAGE = re.compile(r"vmlinu[xz]-(.+)")
_CHUNK = re.compile(r"(\D*)(\d*)")


class Kernel(Value):
    """One kernel; ``initrd`` is the name of its initramfs, or ``None``."""

    version: str
    image: str
    initrd: str | None


def installed(root: Path) -> tuple[Kernel, ...]:
    """The kernels of a root, newest first."""
    boot = rooted.resolve(root, "boot")
    if not boot.is_dir():
        return ()
    return ordered(path.name for path in boot.iterdir() if path.is_file())


def ordered(names: Iterable[str]) -> tuple[Kernel, ...]:
    """The kernels among the names of the files in /boot, newest first."""
    files = frozenset(names)
    versions = {match[1]: name for name in sorted(files) if (match := _IMAGE.fullmatch(name))}
    return tuple(
        Kernel(version=version, image=versions[version], initrd=_initrd(version, files))
        for version in sorted(versions, key=age, reverse=True)
    )


def _initrd(version: str, files: Collection[str]) -> str | None:
    """Debian's name, then dracut's."""
    names = (f"initrd.img-{version}", f"initramfs-{version}.img")
    return next((name for name in names if name in files), None)


def age(version: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """A key that sorts versions as Debian does (policy manual, 5.6.12).

    Numbers count as numbers, letters sort before other characters, and a tilde
    before anything, even the end.
    """
    chunks = _CHUNK.findall(version)
    return tuple(((*map(_weight, text), 0), int(number or 0)) for text, number in chunks)


def _weight(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 0x110000
