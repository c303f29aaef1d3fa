"""Room on the cache's disk for a bootstrap, asked for before it: it is made in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.build.failure import FREE_SPACE
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers.key import Part, PartKind, Recipe
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.units import size

# Required packages and apt alone take 114 MiB in Debian 13.
LEAST_BYTES = 100 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Bytes that a bootstrap takes at least, and how that is known."""

    bytes: int
    because: str


def check(place: Path, recipe: Recipe, stored: Iterable[Layer]) -> None:
    """See that a bootstrap's result will fit.

    Args:
        place: where layers lie.
        recipe: of the bootstrap; every other one fits.
        stored: the layers that are there.

    Raises:
        LivecdError: it will not.
    """
    if _packages(recipe) is None:
        return
    wanted, free = estimate(recipe, stored), free_bytes(place)
    if free < wanted.bytes:
        raise LivecdError(
            "the cache has no room for a bootstrap",
            place=str(place),
            why=f"{size(free)} are free there; {wanted.because} {size(wanted.bytes)}",
            remedy=FREE_SPACE,
        )


def estimate(recipe: Recipe, stored: Iterable[Layer]) -> Estimate:
    """What a bootstrap takes: what one of the same packages took before, else the least of all."""
    asked = _packages(recipe)
    same = [layer for layer in stored if _packages(layer.meta.recipe) == asked]
    if not same:
        return Estimate(bytes=LEAST_BYTES, because="the smallest root takes")
    latest = max(same, key=lambda layer: layer.meta.created)
    return Estimate(bytes=latest.meta.size, because="the last one of these packages took")


def free_bytes(place: Path) -> int:
    """Bytes that may be written to the file system of a directory."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def _packages(recipe: Recipe) -> str | None:
    """The digest of what mmdebstrap is asked for; ``None`` of what is no bootstrap."""
    part: Part | None = recipe.by_name.get((PartKind.SETTING.value, "bootstrap"))
    return part.digest if part else None
