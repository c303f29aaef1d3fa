"""Layers for tests: a step is a function that changes a directory, run on an overlay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs.layers import key, overlay
from livecd_rootfs.layers.key import Recipe
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.overlay import Changes
from livecd_rootfs.layers.store import Lease, Store

Step = Callable[[Path], object]


def recipe(name: str, after: Layer | None = None) -> Recipe:
    return Recipe(
        parent=after.key if after else None,
        after=after.name if after else "",
        kind="test",
        name=name,
    )


def never() -> None:
    raise AssertionError("nobody else builds")


@dataclass
class Build:
    """A chain of layers that grows, as a run of the program makes it."""

    store: Store
    lease: Lease
    slot: Path
    on_wait: Callable[[], None] = never
    chain: list[Layer] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    @property
    def last(self) -> Layer | None:
        return self.chain[-1] if self.chain else None

    def step(self, name: str, change: Step, room: Path | None = None) -> Layer:
        """Find the layer of a step, or run the step and commit it."""
        wanted = recipe(name, self.last)
        wanted_key = key.key(wanted)
        layer = self.lease.find(wanted_key, self.last)
        if layer is None:
            with self.store.single_flight(wanted_key, self.on_wait):
                layer = self.lease.find(wanted_key, self.last) or self._run(wanted, change, room)
        self.chain.append(layer)
        return layer

    def _run(self, wanted: Recipe, change: Step, room: Path | None) -> Layer:
        self.ran.append(wanted.name)
        with self.store.staging(self.last, room=room) as made:
            changes = Changes(upper=made.diff, work=made.work)
            with overlay.mounted(self.lowers(), self.slot, changes):
                change(self.slot)
            return self.lease.commit(made, wanted, self.last, seconds=0)

    def lowers(self) -> tuple[Path, ...]:
        return overlay.lowers(self.chain, self.store.layout.empty)

    @contextmanager
    def merged(self) -> Iterator[Path]:
        """What all steps together have made."""
        with overlay.mounted(self.lowers(), self.slot):
            yield self.slot


@contextmanager
def build(store: Store, slot: Path, on_wait: Callable[[], None] = never) -> Iterator[Build]:
    slot.mkdir(exist_ok=True)
    with store.lease() as lease:
        yield Build(store=store, lease=lease, slot=slot, on_wait=on_wait)


def write(name: str, text: str) -> Step:
    return lambda root: (root / name).write_text(text)


def staged(store: Store) -> list[Path]:
    return list(store.layout.staging.iterdir())


def committed(lease: Lease, store: Store, names: Sequence[str]) -> list[Layer]:
    """A chain of layers of one file each, made without mounting anything."""
    chain: list[Layer] = []
    for name in names:
        last = chain[-1] if chain else None
        wanted = recipe(name, last)
        found = lease.find(key.key(wanted), last)
        if found is None:
            with store.staging(last) as made:
                (made.diff / name).write_text(name)
                found = lease.commit(made, wanted, last, seconds=1)
        chain.append(found)
    return chain


def make(store: Store, *names: str) -> list[Layer]:
    with store.lease() as lease:
        return committed(lease, store, names)


def left(store: Store) -> set[str]:
    """The steps whose layers are in the store."""
    return {layer.name for layer in store.layers()}
