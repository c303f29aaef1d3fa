"""A plan as JSON, for other programs; a key is never removed, only added."""

from __future__ import annotations

import json

from livecd_rootfs.build.plan import BuildPlan, Step
from livecd_rootfs.resolve import OrderedHook, Provided, Resolution

VERSION = 1


def render(plan: BuildPlan, resolution: Resolution) -> str:
    """The plan as one JSON object, with a final newline."""
    kept = frozenset(resolution.explicit_provides)
    shown = {
        "version": VERSION,
        "targets": list(plan.targets),
        "base": {"kind": plan.base.kind.value, "path": str(plan.base.path or "") or None},
        "tools": dict(plan.tools),
        "steps": [_step(step) for step in plan.steps],
        "provides": [_provided(provided, kept) for provided in resolution.provides],
    }
    return json.dumps(shown, indent=2) + "\n"


def _step(step: Step) -> dict[str, object]:
    return {
        "number": step.number,
        "kind": step.kind.value,
        "name": step.name,
        "reason": step.reason or None,
        "network": step.network,
        "aside": step.aside or None,
        "joins": list(step.joins),
        "place": step.place,
        "chain": _chain(step.hook) if step.hook else [],
    }


def _chain(hook: OrderedHook) -> list[dict[str, object]]:
    if hook.reach is None:
        return []
    return [
        {"series": reach.series.name, "place": reach.by.place if reach.by else None}
        for reach in hook.reach.chain
    ]


def _provided(provided: Provided, kept: frozenset[str]) -> dict[str, object]:
    return {
        "artifact": provided.artifact,
        "series": provided.reach.series.name,
        "place": provided.span.place,
        "explicit": provided.explicit,
        "kept": not kept or provided.artifact in kept,
    }
