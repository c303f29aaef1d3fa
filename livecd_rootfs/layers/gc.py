"""Making room: removes what was used longest ago, layers on top first, never one in use.

It may run beside builds and beside itself: a layer is removed only while it is held alone, and
whoever commits a layer holds the one below.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from livecd_rootfs.layers import lock, usage
from livecd_rootfs.layers.lock import LockFile
from livecd_rootfs.layers.store import Store
from livecd_rootfs.layers.usage import Row


class Other(Protocol):
    """What a cache keeps beside layers, such as a tools root."""

    @property
    def key(self) -> str:
        """Its name, which no layer and no other one has."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""

    @property
    def last_used(self) -> float:
        """In seconds since 1970."""

    def remove(self) -> bool:
        """Remove it, unless it is in use; says whether it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may stay.

    Attributes:
        size: bytes that everything together may take; ``None`` for any.
        age: seconds since its last use; ``None`` for any.
    """

    size: int | None = None
    age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was done.

    Attributes:
        removed: layers, in the order in which they went.
        broken: names in ``layers/`` that held no whole layer, removed as well.
        size: bytes that take what stays.
        in_use: layers that would have gone, but are in use.
        others_removed: what went that is no layer.
        others_in_use: what would have gone that is no layer, but is in use.
    """

    removed: tuple[Row, ...]
    broken: tuple[str, ...]
    size: int
    in_use: tuple[Row, ...]
    others_removed: tuple[Other, ...]
    others_in_use: tuple[Other, ...]


def collect(store: Store, limits: Limits, now: float, others: Iterable[Other] = ()) -> Collected:
    """Remove what a cache keeps until the limits are kept, or what is left is in use.

    Args:
        store: the store of layers.
        limits: what may stay.
        now: seconds since 1970.
        others: what there is beside layers.

    Raises:
        LivecdError: the store is read-only, or something can't be removed.
    """
    store.must_be_writable()
    with lock.opened(store.layout.used, writable=True) as used:
        broken = _remove_broken(store, used)
        sweep = _Sweep(store, used, usage.rows(store), others)
        sweep.run(limits, now)
    return Collected(
        removed=tuple(sweep.removed),
        broken=tuple(broken),
        size=sweep.size,
        in_use=tuple(sweep.in_use),
        others_removed=tuple(sweep.others_removed),
        others_in_use=tuple(sweep.others_in_use),
    )


def _remove_broken(store: Store, used: LockFile) -> list[str]:
    names = sorted(path.name for path in store.layout.layers.iterdir())
    return [
        name for name in names if store.load(name) is None and _remove_if_broken(store, used, name)
    ]


def _remove_if_broken(store: Store, used: LockFile, name: str) -> bool:
    """Look again while nobody can use it: it may just have been made anew."""
    if not used.try_take(name):
        return False
    try:
        if store.load(name) is not None:
            return False
        store.discard(name)
    finally:
        used.release(name)
    return True


class _Sweep:
    """One pass over the layers, from the leaves down, and over what lies beside them."""

    def __init__(
        self, store: Store, used: LockFile, rows: Iterable[Row], others: Iterable[Other]
    ) -> None:
        self._store = store
        self._used = used
        self._rows = {row.layer.key: row for row in rows}
        self._children = Counter(row.layer.parent for row in self._rows.values())
        self._others = {other.key: other for other in others}
        self.size = sum(row.layer.meta.size for row in self._rows.values())
        self.size += sum(other.size for other in self._others.values())
        self.removed: list[Row] = []
        self.in_use: list[Row] = []
        self.others_removed: list[Other] = []
        self.others_in_use: list[Other] = []

    def run(self, limits: Limits, now: float) -> None:
        leaves = [_place(row) for key, row in self._rows.items() if not self._children[key]]
        leaves += [(other.last_used, other.key) for other in self._others.values()]
        heapq.heapify(leaves)
        while leaves:
            last_used, key = heapq.heappop(leaves)
            if not self._must_go(last_used, limits, now):
                continue
            if key in self._others:
                self._remove_other(self._others[key])
                continue
            row = self._rows[key]
            if not self._remove(row):
                self.in_use.append(row)
                continue
            parent = row.layer.parent
            self._children[parent] -= 1
            if parent in self._rows and not self._children[parent]:
                heapq.heappush(leaves, _place(self._rows[parent]))

    def _must_go(self, last_used: float, limits: Limits, now: float) -> bool:
        too_big = limits.size is not None and self.size > limits.size
        return too_big or (limits.age is not None and now - last_used > limits.age)

    def _remove_other(self, other: Other) -> None:
        if not other.remove():
            self.others_in_use.append(other)
            return
        self.others_removed.append(other)
        self.size -= other.size

    def _remove(self, row: Row) -> bool:
        key = row.layer.key
        if not self._used.try_take(key):
            return False
        try:
            if self._has_new_child(key):
                return False
            self._store.discard(key)
        finally:
            self._used.release(key)
        self.removed.append(row)
        self.size -= row.layer.meta.size
        return True

    def _has_new_child(self, key: str) -> bool:
        """Whether a layer has come to lie on it since we looked; while we hold it none can."""
        names = {path.name for path in self._store.layout.layers.iterdir()} - self._rows.keys()
        new = (self._store.load(name) for name in names)
        return any(layer.parent == key for layer in new if layer is not None)


def _place(row: Row) -> tuple[float, str]:
    """The order of going: last used, oldest first."""
    return row.last_used, row.layer.key
