"""Trees that one branch takes of another: their digests, kept beside the last layer of that one.

To take a digest needs all layers mounted; to look it up, when a key is wanted, does not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from livecd_rootfs.layers.layer import Layer

NAME = "joined.json"


def digest(layer: Layer, path: str) -> str | None:
    """The digest of a tree as it is after a layer; ``None`` if nobody has kept it.

    Args:
        layer: the last one of the branch.
        path: the tree in the build directory.
    """
    return _read(layer).get(path)


def keep(layer: Layer, path: str, text: str) -> None:
    """Keep a digest, whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    ready = layer.path / f"{NAME}.{os.getpid()}"
    with ready.open("w", encoding="utf-8") as stream:
        json.dump({**_read(layer), path: text}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    ready.rename(layer.path / NAME)


def _read(layer: Layer) -> Mapping[str, str]:
    try:
        found = json.loads((layer.path / NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
