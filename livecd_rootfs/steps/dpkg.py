"""The packages of a root, read from dpkg's own status file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from livecd_rootfs.steps import rooted
from livecd_rootfs.values import Value

STATUS = "var/lib/dpkg/status"
ARCHITECTURE = "var/lib/dpkg/arch"
_INSTALLED = frozenset({"installed", "triggers-awaited", "triggers-pending"})


class Package(Value):
    """One installed package.

    Attributes:
        name: its name, without the architecture.
        version: its version.
        architecture: amd64, arm64, all...
        same: whether several architectures of it can be installed at once.
        kib: the room that it takes, in KiB, as its maker estimated it; 0 if that is not told.
        source: the source package that it was built from; empty if that has its own name.
        source_version: the version of that one; empty if it is the same.
        maintainer: who maintains it: a name and, in angle brackets, an address.
        homepage: where its makers tell about it.
    """

    name: str
    version: str
    architecture: str
    same: bool
    kib: int
    source: str = ""
    source_version: str = ""
    maintainer: str = ""
    homepage: str = ""


def installed(root: Path) -> tuple[Package, ...]:
    """The packages of a root; none when it has no dpkg."""
    return parse(rooted.text(root, STATUS))


def parse(status: str) -> tuple[Package, ...]:
    """The installed packages of a status file (dpkg(1), deb-control(5))."""
    records = (_fields(record) for record in status.split("\n\n"))
    return tuple(
        _package(fields)
        for fields in records
        if fields.get("Status", "").split(" ")[-1] in _INSTALLED
    )


def _package(fields: Mapping[str, str]) -> Package:
    source, _, version = fields.get("Source", "").partition(" ")
    return Package(
        name=fields["Package"],
        version=fields.get("Version", ""),
        architecture=fields.get("Architecture", ""),
        same=fields.get("Multi-Arch") == "same",
        kib=_number(fields.get("Installed-Size", "")),
        source=source,
        source_version=version.strip("()"),
        maintainer=fields.get("Maintainer", ""),
        homepage=fields.get("Homepage", ""),
    )


def _fields(record: str) -> Mapping[str, str]:
    """The fields of one line each; what continues on further lines is not needed."""
    pairs = (line.partition(": ") for line in record.splitlines() if not line.startswith(" "))
    return {name: value for name, _, value in pairs}


def _number(text: str) -> int:
    try:
        return max(0, int(text))
    except ValueError:
        return 0


def manifest(packages: Iterable[Package], native: str) -> str:
    """Name and version, tab separated, sorted: what ``dpkg-query -W`` prints.

    Args:
        packages: the packages.
        native: the root's own architecture; a package of which several can be
            installed, and one of a foreign architecture, is named with its own.
    """
    lines = sorted((full_name(package, native), package.version) for package in packages)
    return "".join(f"{name}\t{version}\n" for name, version in lines)


def full_name(package: Package, native: str) -> str:
    """The name that tells a package from all others of its root."""
    if package.same or package.architecture not in {native, "all"}:
        return f"{package.name}:{package.architecture}"
    return package.name
