"""The page of a run: one HTML file that needs no other, runs no script and asks no network."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from livecd_rootfs import writes
from livecd_rootfs.report.record import Outcome, Record
from livecd_rootfs.report.segments import segments
from livecd_rootfs.report.timeline import facts, timeline
from livecd_rootfs.steps.dpkg import Package
from livecd_rootfs.units import duration, size

MOST_ROWS = 30
KIB = 1024
TEMPLATE = "page.html.jinja"
# Names, logs and messages may hold anything; these would be no characters of an HTML document.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
_PICTURES[0x7F] = 0x2421
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How much room something takes: its size in bytes, and in percent of the greatest."""

    name: str
    size: int
    share: float
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The greatest of some, and what all of them are.

    Attributes:
        title: of what.
        rows: the greatest first.
        count: how many there are.
        total: bytes of all.
    """

    title: str
    rows: tuple[Weight, ...]
    count: int
    total: int

    @property
    def others(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)


def render(run: Record) -> str:
    """The page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("livecd_rootfs.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=presentable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "size": size, "instant": instant, "uri": uri}
    return environment.get_template(TEMPLATE).render(
        run=run,
        Outcome=Outcome,
        timeline=timeline(run),
        segments=segments(run),
        weights=weights(run),
        facts=facts,
        writes=writes.encoded(run.writes),
    )


def presentable(value: object) -> object:
    """Text without control characters and without the passwords of URLs.

    What has ``__html__`` is a piece of the page, made of texts that were here before.
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return _PASSWORD.sub("…", value).translate(_PICTURES)


def uri(path: Path) -> str:
    """The address of a file."""
    return Path("/", path).as_uri()


def instant(seconds: int) -> str:
    """A time as people write it, in UTC."""
    if not 0 <= seconds <= _LAST_SECOND:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def weights(run: Record) -> tuple[Weights, ...]:
    """Sizes of layers, and of the packages of each different root that was built."""
    layers = [(step.node.step.name, step.size, step.node.number) for step in run.steps]
    by_packages: dict[tuple[Package, ...], list[str]] = {}
    for build in run.builds:
        if build.packages:
            by_packages.setdefault(build.packages, []).append(",".join(build.targets))
    return (
        _weights("Layers", layers),
        *(
            _weights(_title(owners, by_packages), [(p.name, p.kib * KIB, 0) for p in packages])
            for packages, owners in by_packages.items()
        ),
    )


def _title(owners: Sequence[str], all_roots: Mapping[tuple[Package, ...], object]) -> str:
    return "Packages" if len(all_roots) == 1 else f"Packages of {', '.join(owners)}"


def _weights(title: str, found: Sequence[tuple[str, int, int]]) -> Weights:
    ordered = sorted(found, key=lambda each: (-each[1], each[0]))[:MOST_ROWS]
    greatest = max([1, *(each[1] for each in ordered)])
    rows = tuple(
        Weight(name=name, size=count, share=100 * count / greatest, step=step)
        for name, count, step in ordered
        if count
    )
    total = sum(each[1] for each in found)
    return Weights(title=title, rows=rows, count=len(found), total=total)
