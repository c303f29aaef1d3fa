"""``livecd-rootfs plan`` and ``explain``: a plan as text, and sentences about its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from livecd_rootfs.build import base as bases
from livecd_rootfs.build.forecast import Outlook, forecast
from livecd_rootfs.build.forest import Forest
from livecd_rootfs.build.history import history
from livecd_rootfs.build.plan import BuildPlan, Step, StepKind
from livecd_rootfs.commands import build
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.layers.store import Store
from livecd_rootfs.project import Project
from livecd_rootfs.resolve import Resolution
from livecd_rootfs.tools import Mode
from livecd_rootfs.views import data, drawing, explanation, graph, text
from livecd_rootfs.views.branches import render
from livecd_rootfs.views.outline import outline


def show(project: Project, targets: Sequence[str], base: str | None, tools: str, form: str) -> str:
    """The plan in one of the forms text, json, dot, mermaid.

    Raises:
        LivecdError: the targets can't be resolved, or the base can't be used.
    """
    resolution = project.resolve(targets)
    plan = project.plan(resolution, bases.of(base, project.settings), Mode(tools))
    if form == "json":
        return data.render(plan, resolution)
    if form == "dot":
        return drawing.dot(graph.graph(plan, resolution))
    if form == "mermaid":
        return drawing.mermaid(graph.graph(plan, resolution))
    return text.render(outline(plan, resolution), _heading(project, plan, resolution))


def _heading(project: Project, plan: BuildPlan, resolution: Resolution) -> str:
    settings = project.settings
    words = [settings.text(name) for name in ("distribution", "suite", "arch")]
    kept = len(set(resolution.explicit_provides)) or "all"
    return (
        f"{' '.join(plan.targets)}: {len(plan.steps)} steps, {kept} artifacts kept "
        f"({' '.join(words)}, hooks from {project.tree})"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a build would look for what earlier ones left.

    Attributes:
        base: where the root comes from; ``None`` is a bootstrap.
        tools: where tools come from.
        cache: the cache directory.
        offline: ask no archive.
        environ: the user's environment.
    """

    base: str | None
    tools: str
    cache: Path
    offline: bool
    environ: Mapping[str, str]


def branches(project: Project, targets: Sequence[str], place: Place) -> str:
    """The prefix tree of builds, a target word each: what is shared, cached, to run, and why.

    Raises:
        LivecdError: the targets can't be resolved, or the archive can't be asked.
    """
    store = Store.open(place.cache)
    planted, outlooks = _forecast(project, targets, place, store)
    return render(planted, outlooks, build.durations_of(store.layers()))


def _forecast(
    project: Project, targets: Sequence[str], place: Place, store: Store
) -> tuple[Forest, tuple[Outlook, ...]]:
    request = build.Request(
        project=project,
        targets=targets,
        base=bases.of(place.base, project.settings),
        tools=Mode(place.tools),
        output=Path(),
        cache=place.cache,
        jobs=1,
        offline=place.offline,
        keep=None,
        environ=place.environ,
    )
    planted, _ = build.plant(request)
    kitchen = build.kitchen_of(request, planted, cache(store.layers))
    return planted, forecast(planted, kitchen, store, build.date_of(request, kitchen))


def explain(project: Project, name: str, targets: Sequence[str], place: Place) -> str:
    """Sentences about a hook, an artifact or a series in a build of targets.

    Raises:
        LivecdError: the targets can't be resolved, or nothing has this name.
    """
    resolution = project.resolve(targets)
    plan = project.plan(resolution, bases.of(place.base, project.settings), Mode(place.tools))
    tree = HookTree(str(project.tree))
    story = partial(_story, project, targets, place)
    return explanation.explain(name, plan, resolution, tree.hook_names, story)


def _story(project: Project, targets: Sequence[str], place: Place, step: Step) -> tuple[str, ...]:
    """What the cache knows of a step; nothing where there is no cache yet."""
    if step.kind is StepKind.TOOLS or not (place.cache / "store").is_dir():
        return ()
    store = Store.open(place.cache)
    try:
        planted, outlooks = _forecast(project, [",".join(targets)], place, store)
    except LivecdError as error:  # no root of these packages is stored, or it can't be read
        return (f"To run: {error.message}.",)
    nodes = {outlook.node.step.name: outlook for outlook in outlooks}
    chain = [nodes[node.step.name] for node in planted.chain(nodes[step.name].node)]
    return history(chain, store.layers())
