"""The end of a run in words: what was made, where, how big, and its checksum."""

from __future__ import annotations

from livecd_rootfs.build.events import BuildEnded, RunEnded, ShellOpened
from livecd_rootfs.build.output import SUMS
from livecd_rootfs.process import describe_status
from livecd_rootfs.units import duration, size

SHOWN_DIGITS = 16


def artifacts(ended: BuildEnded) -> tuple[str, ...]:
    """One line for each artifact of a build, its columns aligned."""
    if not ended.artifacts:
        targets = ",".join(ended.plan.targets)
        return (f"{targets} provides no artifact; --keep DIR shows what was made",)
    rows = [
        (str(made.path), size(made.size), made.sha256[:SHOWN_DIGITS]) for made in ended.artifacts
    ]
    paths, sizes = (max(len(row[column]) for row in rows) for column in (0, 1))
    return tuple(f"{path:{paths}}  {count:>{sizes}}  sha256 {sum_}…" for path, count, sum_ in rows)


def whole(ended: RunEnded) -> str:
    """One line for the run."""
    took = duration(ended.seconds)
    if ended.failed:
        return f"failed after {took}"
    return f"done in {took}; whole checksums in {ended.output / SUMS}"


def visit(opened: ShellOpened) -> tuple[str, ...]:
    """What stands above a shell that opens where a step failed."""
    return (
        *(f"| {line}" for line in opened.last),
        f"{opened.node.step.name} {describe_status(opened.status)}; the whole log is {opened.log}",
        "This is a shell with what it saw, as it left it. `exit` goes on with the run;",
        "what you change here is thrown away.",
    )
