"""The end of a run in words: what was made, where, how big, and its checksum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from livecd_rootfs.build.events import BuildEnded, RunEnded, ShellOpened
from livecd_rootfs.build.output import SUMS, Artifact
from livecd_rootfs.process import describe_status
from livecd_rootfs.units import duration, size

SHOWN_DIGITS = 16


def artifacts(builds: Sequence[BuildEnded]) -> tuple[str, ...]:
    """One line for each file that builds have published, with aligned columns.

    What several of them have published under one name, as a signature of all
    checksums, is shown as the last one left it.
    """
    files = {
        made.path: made
        for ended in builds
        if ended.artifacts
        for made in (*ended.artifacts, *ended.attestations)
    }
    return (*_rows(list(files.values())), *_without(builds))


def _rows(files: Sequence[Artifact]) -> Iterator[str]:
    rows = [(str(made.path), size(made.size), made.sha256[:SHOWN_DIGITS]) for made in files]
    paths, sizes = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    for path, count, sum_ in rows:
        yield f"{path:{paths}}  {count:>{sizes}}  sha256 {sum_}…"


def _without(builds: Sequence[BuildEnded]) -> Iterator[str]:
    for ended in builds:
        if not ended.artifacts:
            targets = ",".join(ended.plan.targets)
            yield f"{targets} provides no artifact; --keep DIR shows what was made"


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
