"""The live file system builds that Launchpad runs side by side, such that none overwrites another.

Each builds a group of targets for one architecture. All of one architecture publish to one
place, where a name can stand for one file only; Launchpad keeps architectures apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.resolution import Provided, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class LivefsBuild:
    """One build, as Launchpad is asked for it (``livefs.requestBuild``).

    Attributes:
        key: its ``unique_key``, which keeps apart builds that run at the same time.
        arch: the architecture.
        metadata: what auto/config gets as environment variables, in Launchpad's words.
        provides: the artifacts that it keeps.
    """

    key: str
    arch: str
    metadata: Mapping[str, str | Sequence[str]]
    provides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What all the builds are of."""

    project: str
    subproject: str
    subarch: str


def builds(
    product: Product, groups: Sequence[Resolution], architectures: Sequence[str]
) -> tuple[LivefsBuild, ...]:
    """Every group of targets for every architecture.

    Args:
        product: what names the builds.
        groups: the resolved targets of each build.
        architectures: in the distribution's words.

    Raises:
        LivecdError: two groups would publish a file of the same name, or are the same.
    """
    _refuse_twice(groups)
    _refuse_overlap(groups)
    _refuse_two_that_keep_all(groups)
    return tuple(_build(product, group, arch) for arch in architectures for group in groups)


def kept(group: Resolution) -> tuple[Provided, ...]:
    """What the pruner leaves of a build: all, where no target itself provides anything."""
    explicit = tuple(one for one in group.provides if one.explicit)
    return explicit or group.provides


def _build(product: Product, group: Resolution, arch: str) -> LivefsBuild:
    names = (product.project, product.subproject, arch, product.subarch, "+".join(group.targets))
    metadata = {
        "project": product.project,
        "subproject": product.subproject,
        "subarch": product.subarch,
        "image_targets": list(group.targets),
    }
    return LivefsBuild(
        key="-".join(name for name in names if name),
        arch=arch,
        metadata={name: value for name, value in metadata.items() if value},
        provides=tuple(dict.fromkeys(one.artifact for one in kept(group))),
    )


def _refuse_twice(groups: Sequence[Resolution]) -> None:
    seen: set[tuple[str, ...]] = set()
    for group in groups:
        if group.targets in seen:
            raise LivecdError(
                f"the build of {','.join(group.targets)} is asked for twice",
                remedy="name it once; its architectures follow --arch",
            )
        seen.add(group.targets)


def _refuse_overlap(groups: Sequence[Resolution]) -> None:
    owners: dict[str, tuple[Resolution, Provided]] = {}
    clashes: list[tuple[Resolution, Provided, Resolution, Provided]] = []
    for group in groups:
        for one in {each.artifact: each for each in kept(group)}.values():
            other = owners.setdefault(one.artifact, (group, one))
            if other[0] is not group:
                clashes.append((*other, group, one))
    if clashes:
        raise _overlap(clashes)


def _overlap(clashes: Sequence[tuple[Resolution, Provided, Resolution, Provided]]) -> LivecdError:
    first, one, second, other = clashes[0]
    keeps_all = [group for group in (first, second) if not group.explicit_provides]
    notes = [
        f"build {_name(group)}: {made.span.place}"
        for group, made in ((first, one), (second, other))
    ]
    notes += [f"likewise '{made.artifact}': {made.span.place}" for _, made, _, _ in clashes[1:]]
    notes += [f"{_name(group)} provides nothing itself, so all is kept" for group in keeps_all]
    return LivecdError(
        f"two builds would publish '{one.artifact}': {_name(first)} and {_name(second)}",
        place=one.span.place,
        notes=tuple(notes),
        remedy="make one build of them, joined by a comma, or give one another name for it",
    )


def _refuse_two_that_keep_all(groups: Sequence[Resolution]) -> None:
    """They would keep what live-build itself leaves, too: each a kernel of the same name."""
    keep_all = [group for group in groups if not group.explicit_provides]
    if len(keep_all) > 1:
        first, second = keep_all[:2]
        raise LivecdError(
            f"two builds would keep all that is made in them: {_name(first)} and {_name(second)}",
            why="live-build's own files, such as its kernel, have one name in both",
            notes=tuple(f"{_name(group)} provides nothing itself" for group in keep_all),
            remedy="make one build of them, joined by a comma, or name the targets in them",
        )


def _name(group: Resolution) -> str:
    return ",".join(group.targets)


def render(found: Sequence[LivefsBuild]) -> str:
    """The builds as JSON, a list."""
    rows = [
        {
            "unique_key": build.key,
            "arch": build.arch,
            "metadata_override": build.metadata,
            "provides": build.provides,
        }
        for build in found
    ]
    return json.dumps(rows, indent=2) + "\n"
