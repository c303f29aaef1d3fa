"""Looking for damage: each layer's digest is taken again and compared with its seal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from livecd_rootfs.layers import lock, seal
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store


class State(Enum):
    """How a layer was found; the value is for messages."""

    GOOD = "good"
    UNSEALED = "not sealed yet"
    BROKEN = "cut short, or its meta.json is damaged"
    DAMAGED = "its content has changed since it was made"
    UNREADABLE = "its content can't be read"
    ORPHAN = "a layer below it is gone or damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A layer, and how it was found.

    Attributes:
        key: its key, or the name of a directory that is no whole layer.
        name: its step's name; empty where that can't be told.
        state: how it was found.
        removed: whether it was removed, to be made again.
    """

    key: str
    name: str
    state: State
    removed: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether it must not be used."""
        return self.state not in {State.GOOD, State.UNSEALED}


def verify(
    store: Store, *, repair: bool = False, progress: Callable[[Layer], None] | None = None
) -> tuple[Finding, ...]:
    """Read every layer and compare it with its seal; in order of the keys.

    Args:
        store: the store.
        repair: remove what is bad, with all that lies on it, unless it is in use.
        progress: called with each layer before it is read.

    Raises:
        LivecdError: something bad can't be removed, as from a read-only store.
    """
    if repair:
        store.must_be_writable()
    names = sorted(path.name for path in store.layout.layers.iterdir())
    found = {name: _judge(store, name, progress) for name in names}
    _spread(store.layers(), found)
    findings = tuple(found[name] for name in names)
    return _repaired(store, findings) if repair else findings


def _judge(store: Store, name: str, progress: Callable[[Layer], None] | None) -> Finding:
    layer = store.load(name)
    if layer is None:
        return Finding(key=name, name="", state=State.BROKEN)
    if progress is not None:
        progress(layer)
    return Finding(key=name, name=layer.name, state=_state(layer))


def _state(layer: Layer) -> State:
    sealed = layer.seal
    if sealed is None:
        return State.UNSEALED
    try:
        return State.GOOD if seal.digest(layer) == sealed else State.DAMAGED
    except OSError:
        return State.UNREADABLE


def _spread(layers: Iterable[Layer], found: dict[str, Finding]) -> None:
    """Mark what lies on a bad layer, or on none: its bytes may not fit what will be there."""
    above: dict[str | None, list[Layer]] = {}
    for layer in layers:
        above.setdefault(layer.meta.after, []).append(layer)
    sound: set[str] = set()
    queue = list(above.get(None, ()))
    while queue:
        layer = queue.pop()
        if layer.key in found and not found[layer.key].is_bad:
            sound.add(layer.key)
            queue += above.get(layer.meta.making, ())
    for key, finding in found.items():
        if key not in sound and not finding.is_bad:
            found[key] = replace(finding, state=State.ORPHAN)


def _repaired(store: Store, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    with lock.opened(store.layout.used, writable=True) as used:
        return tuple(
            replace(finding, removed=used.try_take(finding.key) and _removed(store, finding.key))
            if finding.is_bad
            else finding
            for finding in findings
        )


def _removed(store: Store, key: str) -> bool:
    store.discard(key)
    return True
