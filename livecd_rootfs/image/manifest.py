"""What is in the image: a manifest for programs, and one for people, as mkosi has them.

Both are from dpkg's own records. The one for people has the newest entry
of each source package's changelog, which the package itself brings along (Debian
policy, 4.4 and 12.7); without documentation in the root there are only versions.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from livecd_rootfs.image import packages
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.dpkg import Package

_VERSION = 1
_CHANGELOGS = ("changelog.Debian.gz", "changelog.gz")
_SIGNED = " -- "


def as_json(context: Context) -> bytes:
    """The manifest for programs: packages with versions, architectures and sizes in bytes."""
    document = {
        "manifest_version": _VERSION,
        "config": {
            "name": context.prefix,
            "version": context.variables.get("IMAGE_VERSION") or None,
            "distribution": context.variables.get("DISTRIBUTION") or None,
            "release": context.variables.get("SUITE") or None,
            "architecture": context.arch,
        },
        "packages": [_record(package) for package in _sorted(packages.installed(context))],
    }
    return f"{json.dumps(document, indent=2)}\n".encode()


def _sorted(found: Iterable[Package]) -> list[Package]:
    return sorted(found, key=lambda each: (each.name, each.architecture))


def _record(package: Package) -> dict[str, object]:
    return {
        "type": "deb",
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "size": package.kib * 1024,
        "source": _source(package)[0],
    }


def changelog(context: Context) -> bytes:
    """The manifest for people: each source package, what was built from it, and what is new."""
    by_source: dict[tuple[str, str], list[Package]] = {}
    found = _sorted(packages.installed(context))
    for package in found:
        by_source.setdefault(_source(package), []).append(package)
    size = sum(package.kib for package in found)
    head = f"{context.prefix}: {len(found)} packages, {size} KiB when installed\n"
    parts = (_part(context.chroot, *source, built) for source, built in sorted(by_source.items()))
    return (head + "".join(parts)).encode()


def _source(package: Package) -> tuple[str, str]:
    return package.source or package.name, package.source_version or package.version


def _part(root: Path, name: str, version: str, built: Sequence[Package]) -> str:
    names = ", ".join(dict.fromkeys(package.name for package in built))
    lines = next(filter(None, (_newest(root, package.name) for package in built)), ())
    text = "".join(f"  {line}".rstrip() + "\n" for line in lines)
    return f"\n{name} {version} ({names})\n{text}"


def _newest(root: Path, package: str) -> tuple[str, ...]:
    """The lines of the newest entry of a package's changelog, without its heading."""
    folder = f"usr/share/doc/{package}"
    found = rooted.first_file(root, *(f"{folder}/{name}" for name in _CHANGELOGS))
    return tuple(_entry(found)) if found else ()


def _entry(path: Path) -> Iterator[str]:
    """The changes of the first entry, which ends with who made it and when."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as stream:
            next(stream, "")
            for line in stream:
                if line.startswith(_SIGNED):
                    return
                if line.strip():
                    yield line.strip()
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return
