"""Seals: the tree digest of each layer, written when the layer is on the disk for certain.

A commit waits for no disk. A layer without a seal counts as long as the machine runs on, since
what programs see is whole; after a power cut it is made again. So sealing can go on beside
the build, or after it, and costs the steps nothing.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs.layers import layout as places
from livecd_rootfs.layers import treehash
from livecd_rootfs.layers.layer import SEAL, Layer
from livecd_rootfs.layers.store import Store
from livecd_rootfs.layers.treehash import EXACT

_libc = ctypes.CDLL(None, use_errno=True)


def digest(layer: Layer) -> str:
    """The digest of what a layer holds.

    Raises:
        OSError: something in it can't be read.
    """
    whole = hashlib.sha256()
    for folder in (layer.diff, layer.overlays):
        text = treehash.digest(folder, EXACT) if folder.is_dir() else "none"
        whole.update(f"{folder.name} {text}\n".encode())
    return whole.hexdigest()


def seal(store: Store) -> tuple[Layer, ...]:
    """Seal the layers that have no seal yet, as far as nobody removes them; gives those.

    Raises:
        LivecdError: the disk is full, or broken.
    """
    unsealed = [layer for layer in store.layers() if layer.seal is None]
    if not unsealed or not store.writable:
        return ()
    with store.lease() as lease, places.telling(store.layout.path):
        kept = [layer for layer in unsealed if lease.keep(layer)]
        digests = [digest(layer) for layer in kept]
        _sync(store.layout.layers)
        _write(kept, digests)
    return tuple(kept)


def _sync(folder: Path) -> None:
    """Wait until everything on the folder's file system is on the disk (syncfs(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def _write(layers: Sequence[Layer], digests: Sequence[str]) -> None:
    for layer, text in zip(layers, digests, strict=True):
        ready = layer.path / f"{SEAL}.{os.getpid()}"
        ready.write_text(f"{text}\n", encoding="ascii")
        ready.rename(layer.path / SEAL)
