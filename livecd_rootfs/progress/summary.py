"""The end of a build in words: what was made, where, how big, and its checksum."""

from __future__ import annotations

from livecd_rootfs.build.events import BuildEnded
from livecd_rootfs.build.output import SUMS
from livecd_rootfs.units import duration, size


def lines(ended: BuildEnded) -> tuple[str, ...]:
    """One line for each artifact, its columns aligned, and one for the whole."""
    rows = [(str(made.path), size(made.size), made.sha256[:16]) for made in ended.artifacts]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    shown = [
        f"{path:{widths[0]}}  {count:>{widths[1]}}  sha256 {sum_}…" for path, count, sum_ in rows
    ]
    took = duration(ended.seconds)
    if not rows:
        return (f"done in {took}: these targets provide no artifact (--keep shows what they made)",)
    return (*shown, f"done in {took}; whole checksums in {ended.output / SUMS}")
