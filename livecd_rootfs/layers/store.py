"""The store of layers: find one, build one alone, commit it whole; the format is in ``layout``.

A run takes a lease, and what it finds or commits under it stays until the lease ends::

    with store.lease() as lease:
        layer = lease.find(wanted, last)
        if layer is None:
            with store.single_flight(wanted, on_wait):
                layer = lease.find(wanted, last)  # someone else may have built it meanwhile
                if layer is None:
                    with store.staging(last) as staging:
                        ...  # mount an overlay with staging.diff and staging.work; run; unmount
                        layer = lease.commit(staging, recipe, last, seconds=4.2)

``last`` is the layer before, ``None`` at the beginning. A layer knows not only the key of the
one before it but also which making of that it lies on: if that one was removed and made again,
with bytes that may differ, the layers above are not found any more.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import trees
from livecd_rootfs.layers import held, lock, staging
from livecd_rootfs.layers import key as keys
from livecd_rootfs.layers import layer as one
from livecd_rootfs.layers import layout as places
from livecd_rootfs.layers.key import Recipe
from livecd_rootfs.layers.layer import Layer, Meta
from livecd_rootfs.layers.layout import Layout
from livecd_rootfs.layers.lock import LockFile
from livecd_rootfs.layers.staging import Staging

_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store.

    Attributes:
        layout: where its things lie.
        writable: whether layers can be added and removed.
        boot: the machine's current boot.
    """

    layout: Layout
    writable: bool
    boot: str

    @classmethod
    def open(cls, cache: Path) -> Store:
        """The store in a cache directory, made if need be; what killed runs left goes.

        Raises:
            LivecdError: it has another format, or is not there and can't be made.
        """
        layout = Layout(path=cache.absolute() / "store")
        if not places.is_there(layout):
            places.create(layout)
        writable = os.access(layout.layers, os.W_OK) and os.access(layout.staging, os.W_OK)
        if writable:
            held.remove_stale(layout.staging)
        return cls(layout=layout, writable=writable, boot=one.current_boot())

    def find(self, key: str, after: Layer | None) -> Layer | None:
        """The layer with that key on that layer, if it is there and whole; it may go at any time."""
        found = self.load(key)
        return found if found is not None and found.lies_on(after) else None

    def load(self, key: str) -> Layer | None:
        """The layer with that key, if it is there and whole, whatever it lies on."""
        found = one.load(self.layout.layers / key)
        return found if found is not None and found.is_whole(self.boot) else None

    def layers(self) -> tuple[Layer, ...]:
        """All layers that are whole, in order of their keys."""
        names = sorted(path.name for path in self.layout.layers.iterdir())
        return tuple(layer for name in names if (layer := self.load(name)) is not None)

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """Use layers: those found or committed under a lease are not removed until it ends."""
        with lock.opened(self.layout.used, writable=False) as used:
            yield Lease(store=self, used=used)

    @contextmanager
    def single_flight(self, key: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Be the only one, of all processes and threads, who builds that layer.

        Args:
            key: the layer.
            on_wait: called once if someone else builds it, before waiting for that.

        Raises:
            LivecdError: the store is read-only.
        """
        self.must_be_writable()
        with lock.opened(self.layout.building, writable=True) as building:
            building.take(key, on_wait)
            yield

    @contextmanager
    def staging(self, after: Layer | None, *, room: Path | None = None) -> Iterator[Staging]:
        """Directories to make a layer in, removed with what has not been committed.

        Args:
            after: the layer before, whose owner, mode and times the merged directory shall have.
            room: a directory in memory to write to; what is there is copied at the commit.

        Raises:
            LivecdError: the store is read-only, or full.
        """
        self.must_be_writable()
        like = after.diff if after else self.layout.empty
        with ExitStack() as stack:
            with places.telling(self.layout.path):
                made = stack.enter_context(staging.opened(self.layout.staging, like, room))
            yield made

    def discard(self, key: str) -> None:
        """Remove a layer, at once as a whole; that nobody uses it is the caller's care.

        Raises:
            LivecdError: the store is read-only, or the layer can't be removed.
        """
        path = self.layout.layers / key
        with self.staging(None) as place, places.telling(path), suppress(FileNotFoundError):
            path.rename(place.path / "removed")

    def must_be_writable(self) -> None:
        """Refuse what a read-only store can't do.

        Raises:
            LivecdError: the store is read-only.
        """
        if not self.writable:
            raise places.read_only(self.layout.path)


class Lease:
    """The layers that one run uses; made by `Store.lease`, for all threads of the run."""

    def __init__(self, *, store: Store, used: LockFile) -> None:
        self._store = store
        self._used = used
        self._held: set[str] = set()
        self._threads = threading.Lock()

    def find(self, key: str, after: Layer | None) -> Layer | None:
        """The layer with that key on that layer, if it is whole; it stays until the lease ends."""
        layer = self._store.find(key, after)
        if layer is None or not self.keep(layer):
            return None
        _touch(layer)
        return layer

    def keep(self, layer: Layer) -> bool:
        """Keep a layer until the lease ends; says whether it is still there."""
        with self._threads:
            self._used.share(layer.key)
            if self._store.load(layer.key) == layer:
                self._held.add(layer.key)
                return True
            if layer.key not in self._held:
                self._used.release(layer.key)
            return False

    def commit(
        self, made: Staging, recipe: Recipe, after: Layer | None, *, seconds: float
    ) -> Layer:
        """Make a layer of a staging place, by one rename; waits for no disk (see ``seal``).

        Nothing may be mounted on the staging place any more.

        Args:
            made: the place.
            recipe: how the layer was made.
            after: the layer before.
            seconds: how long the step ran.

        Returns:
            the layer; the one that is there already, if another run was quicker.

        Raises:
            LivecdError: the disk is full, or something is mounted there.
        """
        with places.telling(made.path):
            staging.settle(made)
            meta = self._meta(made, recipe, after, seconds)
            one.write_meta(made.layer, meta)
            with self._threads:
                self._used.share(meta.key)
                self._held.add(meta.key)
            return self._appear(made, meta, after)

    def _meta(self, made: Staging, recipe: Recipe, after: Layer | None, seconds: float) -> Meta:
        if recipe.parent != (after.key if after else None):
            raise ValueError(f"{recipe.name} was not made on {recipe.after or 'nothing'}")
        return Meta(
            key=keys.key(recipe),
            making=uuid.uuid4().hex,
            after=after.meta.making if after else None,
            recipe=recipe,
            seconds=seconds,
            created=time.time(),
            size=trees.size(made.layer),
            boot=self._store.boot,
        )

    def _appear(self, made: Staging, meta: Meta, after: Layer | None) -> Layer:
        layer = Layer(path=self._store.layout.layers / meta.key, meta=meta)
        try:
            made.layer.rename(layer.path)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            quicker = self._store.find(layer.key, after)
            if quicker is not None:
                return quicker
            # Cut short by a power cut, or made on a layer that is gone: nobody can use it.
            layer.path.rename(made.path / "unusable")
            made.layer.rename(layer.path)
        return layer


def _touch(layer: Layer) -> None:
    """Note the use, for `gc`; where that can't be written nothing is removed either."""
    with suppress(OSError):
        os.utime(layer.path / one.META)
