"""The prefix tree of a run as text: what is shared, what is cached, what runs and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from livecd_rootfs.build.forecast import Outlook
from livecd_rootfs.build.forest import Forest
from livecd_rootfs.build.schedule import GUESSES
from livecd_rootfs.units import duration

GAP = "   "


def render(forest: Forest, outlooks: Sequence[Outlook], durations: Mapping[str, float]) -> str:
    """Lines: number, state, seconds, step, its builds, and the reason why it will run.

    Args:
        forest: the steps.
        outlooks: what will become of each, in the same order.
        durations: seconds that steps took before, by their names.
    """
    runs = [outlook for outlook in outlooks if outlook.layer is None]
    expected = sum(_seconds(outlook, durations) for outlook in runs)
    names = " ".join(",".join(plan.targets) for plan in forest.builds)
    heading = (
        f"{names}: {len(outlooks)} steps, {len(outlooks) - len(runs)} cached, "
        f"{len(runs)} to run ({duration(expected)} one after another)"
    )
    rows = [_row(outlook, forest, durations) for outlook in outlooks]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([heading, "", *lines]) + "\n"


def _row(outlook: Outlook, forest: Forest, durations: Mapping[str, float]) -> tuple[str, ...]:
    node = outlook.node
    state = "run" if outlook.layer is None else "cached"
    shared = " ".join(",".join(forest.builds[build].targets) for build in node.builds)
    seconds = f"{'~' if outlook.layer is None else ''}{duration(_seconds(outlook, durations))}"
    why = outlook.why[0] if outlook.why else ""
    return f"{node.number:>3}", state, f"{seconds:>9}", node.step.name, shared, why


def _seconds(outlook: Outlook, durations: Mapping[str, float]) -> float:
    if outlook.layer is not None:
        return outlook.layer.meta.seconds
    return durations.get(outlook.node.step.name, GUESSES[outlook.node.step.kind])
