"""Seals, and the damage that is found by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from livecd_rootfs.layers import layer, seal, verify
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Lease, Store
from livecd_rootfs.layers.verify import State
from tests.layers.steps import committed, left, make, recipe, staged


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


@pytest.fixture
def lease(store: Store) -> Iterator[Lease]:
    with store.lease() as lease:
        yield lease


def states(store: Store, *, repair: bool = False) -> dict[str, State]:
    return {found.name: found.state for found in verify.verify(store, repair=repair)}


def test_layers_are_sealed_once(store: Store) -> None:
    layers = make(store, "a", "b")
    assert [layer.seal for layer in layers] == [None, None]
    assert {layer.name for layer in seal.seal(store)} == {"a", "b"}
    assert [layer.seal for layer in layers] == [seal.digest(layer) for layer in layers]
    assert not seal.seal(store)
    assert states(store) == {"a": State.GOOD, "b": State.GOOD}


def test_overlays_are_under_the_seal(store: Store, lease: Lease) -> None:
    with store.staging(None) as made:
        upper = made.overlays / "rootfs.dir" / "upper"
        upper.mkdir(parents=True)
        (upper / "file").write_text("1")
        (made.overlays / "rootfs.dir" / layer.LOWER).write_text("chroot\n")
        made_layer = lease.commit(made, recipe("left"), None, seconds=0)
    seal.seal(store)
    (made_layer.overlays / "rootfs.dir" / "upper" / "file").write_text("2")
    assert states(store) == {"left": State.DAMAGED}


DAMAGE: dict[str, tuple[Callable[[Layer], object], State]] = {
    "other bytes": (lambda one: (one.diff / "b").write_text("B"), State.DAMAGED),
    "a new file": (lambda one: (one.diff / "c").touch(), State.DAMAGED),
    "another mode": (lambda one: (one.diff / "b").chmod(0o600), State.DAMAGED),
    "nothing to load": (lambda one: (one.path / layer.META).write_text("{"), State.BROKEN),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_found_and_removed_with_what_lies_on_it(store: Store, how: str) -> None:
    change, state = DAMAGE[how]
    layers = make(store, "a", "b", "c", "d")
    seal.seal(store)
    change(layers[1])
    found = {finding.key: finding.state for finding in verify.verify(store)}
    assert [found[layer.key] for layer in layers] == [
        State.GOOD,
        state,
        State.ORPHAN,
        State.ORPHAN,
    ]
    assert all(finding.removed for finding in verify.verify(store, repair=True) if finding.is_bad)
    assert left(store) == {"a"}
    assert not staged(store)
    make(store, "a", "b", "c", "d")
    assert left(store) == {"a", "b", "c", "d"}


def test_what_is_in_use_is_not_removed_though_it_is_damaged(store: Store, lease: Lease) -> None:
    (one,) = committed(lease, store, ["a"])
    seal.seal(store)
    (one.diff / "a").write_text("other")
    assert [found.removed for found in verify.verify(store, repair=True)] == [False]
    assert one.path.is_dir()


def test_a_layer_without_a_seal_has_nothing_to_compare(store: Store) -> None:
    make(store, "a")
    assert states(store) == {"a": State.UNSEALED}
