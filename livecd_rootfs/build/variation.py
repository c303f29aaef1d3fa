"""Two surroundings for one build, unlike in all that must not matter, and the pairs that they make."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers.key import PartKind, Recipe, changes, nearest
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.treehash import IGNORED, Times
from livecd_rootfs.units import duration

_DATES = ((PartKind.VARIABLE, "SOURCE_DATE_EPOCH"), (PartKind.SETTING, "date"))
# What of the user's environment could change the first one; the second one has others.
_CLEARED = re.compile("LC_.*|LANGUAGE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where, and as what, one of the two builds runs.

    Attributes:
        cache: its cache directory, below which everything lies.
        hostname: the machine's name.
        umask: which permissions of new files are taken away.
        cores: the numbers of the processor cores that it may use.
        jobs: how many steps run at the same time.
        variables: what differs in its environment.
    """

    cache: Path
    hostname: str
    umask: int
    cores: frozenset[int]
    jobs: int
    variables: Mapping[str, str]

    @property
    def output(self) -> Path:
        """Where its artifacts go."""
        return self.cache / "out"

    def environment(self, user: Mapping[str, str]) -> dict[str, str]:
        """The user's environment with what differs here."""
        kept = {name: text for name, text in user.items() if not _CLEARED.fullmatch(name)}
        return {**kept, **self.variables}


def surroundings(
    folder: Path, cores: Collection[int], jobs: int
) -> tuple[Surroundings, Surroundings]:
    """The surroundings of the first and of the second build.

    Args:
        folder: where both may work.
        cores: the numbers of the cores that there are.
        jobs: how many steps the user wants to run at the same time.
    """
    first = Surroundings(
        cache=folder / "first",
        hostname="first",
        umask=0o022,
        cores=frozenset(cores),
        jobs=jobs,
        variables={"TZ": "UTC", "LANG": "C.UTF-8", "PYTHONHASHSEED": "1"},
    )
    second = Surroundings(
        cache=folder / "the-second-build-has-a-longer-name",
        hostname="second.example",
        umask=0o077,
        cores=frozenset({min(cores)}),
        jobs=1 if jobs > 1 else 2,
        # A zone where the day is another one for most of the day, in the words of POSIX; a
        # language whose i has no dot in upper case.
        variables={"TZ": "<+14>-14", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"},
    )
    return first, second


def rows(
    first: Surroundings, second: Surroundings, started: str, apart: float
) -> tuple[tuple[str, str, str], ...]:
    """What was varied, as rows of a table with a heading.

    Args:
        first: of the first build.
        second: of the second build.
        started: when the first one began.
        apart: seconds until the second one did.
    """
    names = (*first.variables,)
    return (
        ("varied", "first build", "second build"),
        ("directory", f".../{first.cache.name}", f".../{second.cache.name}"),
        ("time", started, f"{duration(apart)} later"),
        ("host name", first.hostname, second.hostname),
        *((name, first.variables[name], second.variables[name]) for name in names),
        ("umask", f"{first.umask:03o}", f"{second.umask:03o}"),
        ("cores", str(len(first.cores)), str(len(second.cores))),
        ("jobs", str(first.jobs), str(second.jobs)),
    )


def pairs(first: Sequence[Layer], second: Sequence[Layer]) -> tuple[tuple[Layer, Layer], ...]:
    """The layers of both builds that were made of the same inputs, in the order of their making.

    Where a side branch made something else in the second build, what joined it had other
    inputs, and so had all after that: these are left out, for the difference is in the branch.

    Raises:
        LivecdError: a step had other inputs in the second build, so the two can't be compared.
    """
    others = {layer.key: layer for layer in second}
    ordered = sorted(first, key=lambda layer: layer.meta.created)
    unlike: set[str | None] = set()
    for layer in ordered:
        if layer.key in others:
            continue
        if layer.parent not in unlike and not _joined_another(layer, second):
            raise _other_inputs(layer, second)
        unlike.add(layer.key)
    return tuple((layer, others[layer.key]) for layer in ordered if layer.key in others)


def _nearest(layer: Layer, second: Sequence[Layer]) -> Recipe | None:
    return nearest(layer.meta.recipe, (other.meta.recipe for other in second))


def _joined_another(layer: Layer, second: Sequence[Layer]) -> bool:
    """Whether the second build's step differs in nothing but what it took of a side branch."""
    recipe, best = layer.meta.recipe, _nearest(layer, second)
    if best is None or best.parent != recipe.parent:
        return False
    pairs = ((best.by_name.get(place), part) for place, part in recipe.by_name.items())
    changed = [part.kind for old, part in pairs if old is None or old.digest != part.digest]
    return set(changed) == {PartKind.JOINED} and len(best.parts) == len(recipe.parts)


def _other_inputs(layer: Layer, second: Sequence[Layer]) -> LivecdError:
    recipe, best = layer.meta.recipe, _nearest(layer, second)
    return LivecdError(
        "the two builds can't be compared, for they had different inputs",
        place=layer.name,
        notes=changes(recipe, best) if best else (),
        remedy="leave the tree and the settings alone meanwhile; if it was the archive that "
        "changed, verify again",
    )


def after(layer: Layer, layers: Sequence[Layer]) -> tuple[tuple[Layer, ...], ...]:
    """The layers that lie on a layer, lowest first: a chain for each build that goes on with it.

    None for a layer of a side branch: no build goes on with it, and what is taken of it is a
    part of the key of who takes it.
    """
    if layer.branch:
        return ()
    children = [child for child in layers if child.parent == layer.key and not child.branch]
    return tuple((child, *rest) for child in children for rest in after(child, layers)) or ((),)


def times(recipe: Recipe) -> Times:
    """How times of files count in a step's layer: as image formats write them.

    A time after the build's date is written as that date.
    """
    dates = [
        int(part.text) for part in recipe.parts if (part.kind, part.name) in _DATES and part.text
    ]
    return Times(counted=True, latest=min(dates)) if dates else IGNORED
