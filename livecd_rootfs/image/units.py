"""Drop-ins of units, and links that enable them, as systemd.unit(5) has them."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.steps import rooted

_VENDOR = ("usr/lib/systemd/system", "lib/systemd/system")
_OWN = "etc/systemd/system"
DROP_IN = "20-image.conf"


def exists(root: Path, unit: str) -> bool:
    """Whether a root has a unit; an instance has the unit of its template."""
    return (
        rooted.first_file(root, *(f"{folder}/{_template(unit)}" for folder in (_OWN, *_VENDOR)))
        is not None
    )


def drop_in(root: Path, unit: str, text: str) -> None:
    """Add to a unit, also to one that is not there yet."""
    rooted.write(root, f"{_OWN}/{unit}.d/{DROP_IN}", text)


def want(root: Path, unit: str, by: str) -> None:
    """Have a unit started with another one."""
    folder = rooted.resolve(root, f"{_OWN}/{by}.wants")
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / unit
    link.unlink(missing_ok=True)
    link.symlink_to(f"/{_VENDOR[0]}/{_template(unit)}")


def _template(unit: str) -> str:
    """The template of an instance: ``getty@.service`` of ``getty@tty1.service``."""
    name, dot, kind = unit.rpartition(".")
    before, at, _ = name.partition("@")
    return f"{before}{at}{dot}{kind}"
