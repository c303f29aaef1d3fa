"""What a store holds: a row for each layer, and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.layers import lock
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A layer, as ``cache ls`` shows it.

    Attributes:
        layer: the layer.
        last_used: in seconds since 1970.
        in_use: whether a run uses it now.
        sealed: whether it is on the disk for certain.
    """

    layer: Layer
    last_used: float
    in_use: bool
    sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Sums, as ``cache du`` shows them; sizes in bytes on disk.

    Attributes:
        count: how many layers there are.
        layers: what they take.
        in_use: the part of that which runs use now.
        staging: what is being made, or was left by a killed run.
    """

    count: int
    layers: int
    in_use: int
    staging: int


def rows(store: Store) -> tuple[Row, ...]:
    """All layers, those used longest ago first."""
    with lock.opened(store.layout.used, writable=False) as used:
        found = (_row(layer, used) for layer in store.layers())
        listed = [row for row in found if row is not None]
    return tuple(sorted(listed, key=lambda row: (row.last_used, row.layer.key)))


def _row(layer: Layer, used: lock.LockFile) -> Row | None:
    """The row of a layer; ``None`` if it has just been removed."""
    try:
        last_used = layer.last_used
    except FileNotFoundError:
        return None
    return Row(
        layer=layer,
        last_used=last_used,
        in_use=used.is_held(layer.key),
        sealed=layer.seal is not None,
    )


def usage(store: Store, listed: Sequence[Row]) -> Usage:
    """The sums over rows, and what is in staging."""
    return Usage(
        count=len(listed),
        layers=sum(row.layer.meta.size for row in listed),
        in_use=sum(row.layer.meta.size for row in listed if row.in_use),
        staging=sum(_size(path) for path in store.layout.staging.iterdir()),
    )


def _size(place: Path) -> int:
    """Bytes of a staging place; none if it goes while we look."""
    try:
        return trees.size(place)
    except FileNotFoundError:
        return 0
