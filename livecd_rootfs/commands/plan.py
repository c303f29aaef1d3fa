"""``livecd-rootfs plan`` and ``explain``: a plan as text, and sentences about its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from livecd_rootfs.build import base as bases
from livecd_rootfs.build.forecast import forecast
from livecd_rootfs.build.plan import BuildPlan
from livecd_rootfs.commands import build
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.layers.store import Store
from livecd_rootfs.project import Project
from livecd_rootfs.resolve import Resolution
from livecd_rootfs.tools import Mode
from livecd_rootfs.views import data, explanation, graph, text
from livecd_rootfs.views.branches import render
from livecd_rootfs.views.outline import outline


def show(project: Project, targets: Sequence[str], base: str | None, tools: str, form: str) -> str:
    """The plan in one of the forms text, json, dot, mermaid.

    Raises:
        LivecdError: the targets can't be resolved, or the base can't be used.
    """
    resolution = project.resolve(targets)
    plan = project.plan(resolution, bases.parse(base), Mode(tools))
    if form == "json":
        return data.render(plan, resolution)
    if form == "dot":
        return graph.dot(graph.graph(plan, resolution))
    if form == "mermaid":
        return graph.mermaid(graph.graph(plan, resolution))
    return text.render(outline(plan, resolution), _heading(project, plan, resolution))


def _heading(project: Project, plan: BuildPlan, resolution: Resolution) -> str:
    settings = project.settings
    words = [settings.text(name) for name in ("distribution", "suite", "arch")]
    kept = len(set(resolution.explicit_provides)) or "all"
    return (
        f"{' '.join(plan.targets)}: {len(plan.steps)} steps, {kept} artifacts kept "
        f"({' '.join(words)}, hooks from {project.tree})"
    )


def branches(
    project: Project,
    targets: Sequence[str],
    base: str | None,
    tools: str,
    *,
    cache: Path,
    offline: bool,
    environ: Mapping[str, str],
) -> str:
    """The prefix tree of builds, a target word each: what is shared, cached, to run, and why.

    Raises:
        LivecdError: the targets can't be resolved, or the archive can't be asked.
    """
    request = build.Request(
        project=project,
        targets=targets,
        base=bases.parse(base),
        tools=Mode(tools),
        output=Path(),
        cache=cache,
        jobs=1,
        offline=offline,
        keep=None,
        environ=environ,
    )
    planted, _ = build.plant(request)
    store = Store.open(cache)
    kitchen = build.kitchen_of(request, planted, store)
    outlooks = forecast(planted, kitchen, store, build.date_of(request, kitchen))
    return render(planted, outlooks, build.durations_of(store))


def explain(project: Project, name: str, targets: Sequence[str]) -> str:
    """Sentences about a hook, an artifact or a series in a build of targets.

    Raises:
        LivecdError: the targets can't be resolved, or nothing has this name.
    """
    resolution = project.resolve(targets)
    plan = project.plan(resolution, bases.parse(None), Mode.AUTO)
    tree = HookTree(str(project.tree))
    return explanation.explain(name, plan, resolution, tree.hook_names)
