"""Why a hook is there, who makes an artifact, and whether the pruner keeps it: in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from livecd_rootfs.build.plan import BuildPlan, Step, chain, closes
from livecd_rootfs.diagnostics.near import SUGGESTIONS, did_you_mean, near
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.resolve import Provided, Reach, Resolution

Story = Callable[[Step], Iterable[str]]


def no_story(step: Step) -> Iterable[str]:
    """What is told of a step where no cache is looked into."""
    del step
    return ()


def explain(
    name: str,
    plan: BuildPlan,
    resolution: Resolution,
    others: Callable[[], Iterable[str]],
    story: Story = no_story,
) -> str:
    """What the plan knows about a hook, an artifact or a series.

    Args:
        name: a hook's path, its last part, or how that begins, such as a number; an artifact
            or its last part; a series.
        plan: the plan for the targets.
        resolution: what the plan was made from.
        others: the hooks of the tree that exist, asked only when the plan has no such thing.
        story: lines on what the cache knows of a step.

    Raises:
        LivecdError: the plan has nothing of this name; the remedy names near ones.
    """
    seen = _Seen(plan=plan, resolution=resolution, story=story)
    parts = _parts(name, seen, str.__eq__) or _parts(name, seen, _ends)
    if not parts:
        began = [step for step in plan.steps if step.hook and _begins(step.name, name)]
        parts = [_of_step(step, story) for step in began] if len(began) == 1 else []
    if not parts:
        raise _nothing(name, plan, resolution, others)
    return "\n".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is looked at."""

    plan: BuildPlan
    resolution: Resolution
    story: Story


def _parts(name: str, seen: _Seen, fits: Callable[[str, str], bool]) -> list[str]:
    """What is said of each thing whose name fits."""
    resolution = seen.resolution
    parts = [_of_step(step, seen.story) for step in seen.plan.steps if fits(step.name, name)]
    provided = [each for each in resolution.provides if fits(each.artifact, name)]
    parts += [_of_artifact(provided, resolution)] if provided else []
    series = [reach for reach in resolution.reaches if reach.series.name == name]
    return parts + ([_of_series(series)] if series else [])


def _ends(whole: str, name: str) -> bool:
    """Whether a name is the last part of a hook's path, or of an artifact's."""
    return whole.endswith((f"/{name}", f".{name}")) or whole == name.removeprefix("./")


def _begins(hook: str, name: str) -> bool:
    """Whether a hook's path, or the last part of it, begins with the words of a name.

    ``050`` and ``050-ssh`` are ``chroot/050-ssh.chroot``; ``05`` and ``050-s`` are not.
    """
    begun = hook if "/" in name else hook.rpartition("/")[2]
    return bool(name) and begun.startswith(name) and not begun[len(name) :][:1].isalnum()


def _of_step(step: Step, story: Story) -> str:
    lines = _of_hook(step) if step.hook else _of_beginning(step)
    return "\n".join((*lines, *(f"  {line}" for line in story(step)))) + "\n"


def _of_beginning(step: Step) -> list[str]:
    lines = [f"{step.name} is step {step.number}, before all hooks."]
    return [*lines, f"  Why: {step.reason}."] if step.reason else lines


def _of_hook(step: Step) -> list[str]:
    lines = [f"{step.name} is a hook: step {step.number}, phase {step.kind.value}."]
    if step.hook and step.hook.origin == "chroot":
        when = "after the chroot hooks of series" if closes(step.hook) else "first"
        lines.append(f"  Why: all hooks in chroot/ run, whatever the targets are; this one {when}.")
    elif step.hook and step.hook.origin == "final":
        lines.append("  Why: a final hook runs after all others, whatever the targets are.")
    elif step.hook:
        lines.append(f"  Why: {step.place} lists it.")
        lines += [f"       {link}" for link in chain(step.hook)]
    lines += _of_branches(step)
    header = step.header
    if header is not None:
        lines.append(f"  Network: {'yes' if header.network else 'no'}.")
    if header is not None and header.tools:
        lines.append(f"  Tools: {', '.join(header.tools)}.")
    if header is not None and header.env is not None:
        lines.append(f"  Reads: {', '.join(header.env) or 'no variable but the fixed ones'}.")
    return lines


def _of_branches(step: Step) -> list[str]:
    """Where a step leaves the main line, and what it takes of those that did."""
    words = (word.partition("/") for word in step.joins)
    lines = [f"  Joins: {path} of the side branch '{name}'." for name, _, path in words]
    if step.aside:
        lines.append(f"  Aside: on the side branch '{step.aside}', which later hooks don't see.")
    return lines


def _of_artifact(provided: list[Provided], resolution: Resolution) -> str:
    name = provided[0].artifact
    explicit = [each for each in provided if each.explicit]
    lines = [f"{name} is an artifact."]
    for each in provided:
        lines.append(f"  Made for: the series {each.reach.series.name}, {each.span.place}.")
        hooks = [
            hook.name for hook in resolution.hooks
            if hook.reach is not None and hook.reach.series.name == each.reach.series.name
        ]  # fmt: skip
        if hooks:
            lines.append(f"  By: one of its hooks ({', '.join(hooks)}).")
    if explicit:
        lines.append("  Kept: a target that was named provides it.")
    elif not resolution.explicit_provides:
        lines.append("  Kept: no target that was named provides anything, so all is kept.")
    else:
        name = provided[0].reach.series.name
        lines.append(
            f"  Dropped by the pruner: '{name}' was not named as a target, only depended on.\n"
            f"  To keep it, name it: livecd-rootfs build {' '.join(resolution.targets)},{name}"
        )
    return "\n".join(lines) + "\n"


def _of_series(readings: list[Reach]) -> str:
    lines = [f"{readings[0].series.name} is a series, {readings[0].series.source.path}."]
    for reach in readings:
        links = [_link(each.by.place if each.by else "", each.series.name) for each in reach.chain]
        lines.append(f"  Why: {'; '.join(links)}.")
    return "\n".join(lines) + "\n"


def _link(place: str, name: str) -> str:
    return f"{name}, which {place} depends on" if place else f"{name} is a target"


def _near(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """What may have been meant: what is spelt alike, else what has the name in it."""
    holding = tuple(dict.fromkeys(each for each in known if name and name in each))
    return near(name, known) or (holding if len(holding) <= SUGGESTIONS else ())


def _nothing(
    name: str, plan: BuildPlan, resolution: Resolution, others: Callable[[], Iterable[str]]
) -> LivecdError:
    known = [step.name for step in plan.steps if step.hook]
    known += [provided.artifact for provided in resolution.provides]
    known += [reach.series.name for reach in resolution.reaches]
    elsewhere = [hook for hook in others() if hook == name or _ends(hook, name)]
    if elsewhere:
        return LivecdError(
            f"{elsewhere[0]} is not part of a build of {' '.join(plan.targets)}",
            why="no series file that these targets reach lists it",
            remedy=f"list it in one of: {', '.join(sorted({reach.series.source.path for reach in resolution.reaches}))}",
        )
    return LivecdError(
        f"nothing in a build of {' '.join(plan.targets)} is called '{name}'",
        remedy=did_you_mean(_near(name, known))
        or f"`livecd-rootfs plan {' '.join(plan.targets)}` shows all names",
    )
