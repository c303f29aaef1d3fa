"""Flattening: one layer with the content of many, where a chain grows too long to be mounted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from livecd_rootfs import process
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import key as keys
from livecd_rootfs.layers import overlay
from livecd_rootfs.layers.key import Recipe
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.overlay import MOST_LOWERS
from livecd_rootfs.layers.store import Lease, Store

KIND = "flatten"
# Beside the layers: the empty directory, and some room for what lies between two flattenings.
LONGEST_CHAIN = MOST_LOWERS - 100


def shortened(
    store: Store, lease: Lease, chain: Sequence[Layer], slot: Path, on_wait: Callable[[], None]
) -> tuple[Layer, ...]:
    """The layers to mount instead of a chain: itself, or fewer that hold the same.

    Keys and ``after`` of later steps go on with the chain's own layers; only what is mounted
    changes.

    Args:
        store: the store.
        lease: keeps the flat layers.
        chain: the layers, oldest first.
        slot: an empty directory to mount them on.
        on_wait: called if another process flattens the same, before waiting for that.

    Raises:
        LivecdError: the store is read-only or full, or the layers can't be merged.
    """
    short: tuple[Layer, ...] = ()
    for layer in chain:
        short = (*short, layer)
        if len(short) == LONGEST_CHAIN:
            short = (_flat(store, lease, short, slot, on_wait),)
    return short


def _flat(
    store: Store, lease: Lease, short: Sequence[Layer], slot: Path, on_wait: Callable[[], None]
) -> Layer:
    last = short[-1]
    recipe = Recipe(parent=last.key, after=last.name, kind=KIND, name=f"flatten after {last.name}")
    wanted = keys.key(recipe)
    found = lease.find(wanted, last)
    if found is not None:
        return found
    with store.single_flight(wanted, on_wait):
        return lease.find(wanted, last) or _merge(store, lease, short, recipe, slot)


def _merge(store: Store, lease: Lease, short: Sequence[Layer], recipe: Recipe, slot: Path) -> Layer:
    """Copy what the overlay shows: over an empty directory that leaves no whiteout to keep."""
    _refuse_overlays(short)
    started = time.monotonic()
    with store.staging(short[-1]) as made:
        with overlay.mounted(overlay.lowers(short, store.layout.empty), slot):
            copy = ("cp", "-a", "--reflink=auto", "--", f"{slot}/.", f"{made.diff}/")
            process.run(copy)
        seconds = time.monotonic() - started
        return lease.commit(made, recipe, short[-1], seconds=seconds)


def _refuse_overlays(chain: Sequence[Layer]) -> None:
    """Changes to an overlay within the build directory need their whiteouts, which a copy loses."""
    for layer in chain:
        if layer.overlays.is_dir():
            raise LivecdError(
                f"a build of more than {LONGEST_CHAIN} steps can't go on after {layer.name}",
                place=str(layer.overlays),
                why="it left an overlay in the build directory, and layers with such can't be merged",
                remedy="have steps that leave no overlay run first, or fewer steps",
            )
