"""Making room: the layers used longest ago, leaves first, never one in use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from livecd_rootfs.layers import gc, layer, usage
from livecd_rootfs.layers.gc import Limits
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store
from livecd_rootfs.layers.usage import Usage
from tests.layers.steps import committed, left, make, staged

ALL = Limits(size=0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def used_at(one: Layer, seconds: int) -> None:
    os.utime(one.path / layer.META, (seconds, seconds))


def test_the_leaf_that_was_used_longest_ago_goes_first(store: Store) -> None:
    """A layer below others stays, however long ago it was used."""
    one, two, old = make(store, "a", "b", "old")
    _, new = make(store, "a", "new")
    for seconds, each in ((10, one), (200, two), (100, old), (900, new)):
        used_at(each, seconds)
    size = sum(each.meta.size for each in store.layers())
    done = gc.collect(store, Limits(size=size - 1), now=1000)
    assert [row.layer.name for row in done.removed] == ["old"]
    assert done.size == size - old.meta.size
    done = gc.collect(store, Limits(age=500), now=1000)
    assert [row.layer.name for row in done.removed] == ["b"]
    assert left(store) == {"a", "new"}
    assert not staged(store)


@dataclass(slots=True, kw_only=True)
class Beside:
    """What lies beside layers."""

    key: str
    last_used: float
    size: int = 1 << 20
    in_use: bool = False

    def remove(self) -> bool:
        return not self.in_use


def test_what_lies_beside_layers_goes_in_its_turn(store: Store) -> None:
    old, new = make(store, "old", "new")
    used_at(old, 10)
    used_at(new, 200)
    beside = [
        Beside(key="used", last_used=100, in_use=True),
        Beside(key="first", last_used=150),
        Beside(key="last", last_used=300),
    ]
    size = sum(each.meta.size for each in store.layers())
    done = gc.collect(store, Limits(size=size + (2 << 20)), now=1000, others=beside)
    assert [other.key for other in done.others_removed] == ["first"]
    assert [other.key for other in done.others_in_use] == ["used"]
    assert not done.removed
    done = gc.collect(store, Limits(size=(2 << 20) + old.meta.size), 1000, [beside[0], beside[2]])
    assert [row.layer.name for row in done.removed] == ["new"]
    assert not done.others_removed


def test_without_limits_nothing_goes(store: Store) -> None:
    make(store, "a", "b")
    assert not gc.collect(store, Limits(), now=10**12).removed


def test_with_nothing_allowed_everything_goes(store: Store) -> None:
    make(store, "a", "b")
    make(store, "c")
    names = [row.layer.name for row in gc.collect(store, ALL, now=0).removed]
    assert sorted(names) == ["a", "b", "c"]
    assert names.index("b") < names.index("a")
    assert left(store) == set()


def test_what_is_in_use_stays_with_what_it_lies_on(store: Store) -> None:
    make(store, "a", "b", "c")
    with store.lease() as lease:
        committed(lease, store, ["a", "b"])
        done = gc.collect(store, ALL, now=0)
        assert [row.layer.name for row in done.removed] == ["c"]
        assert [row.layer.name for row in done.in_use] == ["b"]
        assert left(store) == {"a", "b"}
    assert len(gc.collect(store, ALL, now=0).removed) == 2


def test_a_layer_that_came_since_we_looked_keeps_the_one_below(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(store, "a")
    rows = usage.rows(store)
    make(store, "a", "b")
    monkeypatch.setattr(usage, "rows", lambda _store: rows)
    assert not gc.collect(store, ALL, now=0).removed
    assert left(store) == {"a", "b"}


def test_what_is_no_whole_layer_goes_whatever_the_limits(store: Store) -> None:
    (one,) = make(store, "a")
    (one.path / layer.META).unlink()
    (store.layout.layers / "lost+found").mkdir()
    assert gc.collect(store, Limits(), now=0).broken == (one.key, "lost+found")
    assert not list(store.layout.layers.iterdir())


def test_rows_and_sums(store: Store) -> None:
    one, two = make(store, "a", "b")
    used_at(one, 100)
    used_at(two, 50)
    with store.lease() as lease:
        lease.find(one.key, None)
        used_at(one, 100)
        rows = usage.rows(store)
    assert [(row.layer.name, row.last_used, row.in_use, row.sealed) for row in rows] == [
        ("b", 50, False, False),
        ("a", 100, True, False),
    ]
    size = one.meta.size
    assert size >= 1
    assert usage.usage(store, rows) == Usage(count=2, layers=2 * size, in_use=size, staging=0)


def test_finding_a_layer_is_using_it(store: Store) -> None:
    (one,) = make(store, "a")
    used_at(one, 100)
    with store.lease() as lease:
        lease.find(one.key, None)
    assert one.last_used > 100
