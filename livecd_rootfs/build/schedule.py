"""Which step to run first: the one on the longest path to the end, by the times of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping

from livecd_rootfs.build.forest import Forest
from livecd_rootfs.build.plan import StepKind

# What a step takes when it never ran: on the scale of a cloud image on two cores.
GUESSES = {
    StepKind.BASE: 40.0,
    StepKind.CHROOT_EARLY: 0.5,
    StepKind.CHROOT: 0.5,
    StepKind.BINARY: 5.0,
    StepKind.FINAL: 0.2,
}


def weights(forest: Forest, durations: Mapping[str, float]) -> dict[int, float]:
    """Seconds from the beginning of each node to the end of the longest path through it.

    Args:
        forest: the nodes; what a node waits for has a smaller number.
        durations: seconds that steps took before, by their names.
    """
    below: dict[int, float] = {}
    found: dict[int, float] = {}
    for node in reversed(forest.nodes):
        own = durations.get(node.step.name, GUESSES[node.step.kind])
        found[node.number] = own + below.get(node.number, 0.0)
        for need in node.needs:
            below[need] = max(below.get(need, 0.0), found[node.number])
    return found
