"""Making room: removes the layers used longest ago, those on top first, never one in use.

It may run beside builds and beside itself: a layer is removed only while it is held alone, and
whoever commits a layer holds the one below.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from livecd_rootfs.layers import lock, usage
from livecd_rootfs.layers.lock import LockFile
from livecd_rootfs.layers.store import Store
from livecd_rootfs.layers.usage import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may stay.

    Attributes:
        size: bytes that all layers together may take; ``None`` for any.
        age: seconds since a layer's last use; ``None`` for any.
    """

    size: int | None = None
    age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was done.

    Attributes:
        removed: layers, in the order in which they went.
        broken: names in ``layers/`` that held no whole layer, removed as well.
        size: bytes that the layers which stay take.
        in_use: layers that would have gone, but are in use.
    """

    removed: tuple[Row, ...]
    broken: tuple[str, ...]
    size: int
    in_use: tuple[Row, ...]


def collect(store: Store, limits: Limits, now: float) -> Collected:
    """Remove layers until the limits are kept, or what is left is in use.

    Args:
        store: the store.
        limits: what may stay.
        now: seconds since 1970.

    Raises:
        LivecdError: the store is read-only, or something can't be removed.
    """
    store.must_be_writable()
    with lock.opened(store.layout.used, writable=True) as used:
        broken = _remove_broken(store, used)
        sweep = _Sweep(store, used, usage.rows(store))
        sweep.run(limits, now)
    return Collected(
        removed=tuple(sweep.removed),
        broken=tuple(broken),
        size=sweep.size,
        in_use=tuple(sweep.in_use),
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
    """One pass over the layers, from the leaves down."""

    def __init__(self, store: Store, used: LockFile, rows: Iterable[Row]) -> None:
        self._store = store
        self._used = used
        self._rows = {row.layer.key: row for row in rows}
        self._children = Counter(row.layer.parent for row in self._rows.values())
        self.size = sum(row.layer.meta.size for row in self._rows.values())
        self.removed: list[Row] = []
        self.in_use: list[Row] = []

    def run(self, limits: Limits, now: float) -> None:
        leaves = [_place(row) for key, row in self._rows.items() if not self._children[key]]
        heapq.heapify(leaves)
        while leaves:
            row = self._rows[heapq.heappop(leaves)[1]]
            if not self._must_go(row, limits, now):
                continue
            if not self._remove(row):
                self.in_use.append(row)
                continue
            parent = row.layer.parent
            self._children[parent] -= 1
            if parent in self._rows and not self._children[parent]:
                heapq.heappush(leaves, _place(self._rows[parent]))

    def _must_go(self, row: Row, limits: Limits, now: float) -> bool:
        too_big = limits.size is not None and self.size > limits.size
        return too_big or (limits.age is not None and now - row.last_used > limits.age)

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
