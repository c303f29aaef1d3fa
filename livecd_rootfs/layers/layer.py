"""A layer in a store: its directories, and the facts in its meta.json."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.layers import key
from livecd_rootfs.layers.key import FORMAT, PartKind, Recipe

META = "meta.json"
SEAL = "seal"
LOWER = "lower"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What is known about a layer.

    Attributes:
        key: its key.
        making: tells it from a layer of the same key that was made before or after it.
        after: the ``making`` of the layer before, ``None`` for the first one.
        recipe: what the key was made of.
        seconds: how long the step ran.
        created: when, in seconds since 1970.
        size: bytes that it takes on disk.
        boot: the boot of the machine during which it was made; empty if that is not known.
    """

    key: str
    making: str
    after: str | None
    recipe: Recipe
    seconds: float
    created: float
    size: int
    boot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer.

    Attributes:
        path: its directory in the store.
        meta: what is known about it.
    """

    path: Path
    meta: Meta

    @property
    def key(self) -> str:
        """Its key."""
        return self.meta.key

    @property
    def name(self) -> str:
        """The step's name."""
        return self.meta.recipe.name

    @property
    def parent(self) -> str | None:
        """The key of the layer before it."""
        return self.meta.recipe.parent

    @property
    def diff(self) -> Path:
        """What the step changed in the build directory."""
        return self.path / "diff"

    @property
    def overlays(self) -> Path:
        """What it changed in overlays there: NAME/upper, and NAME/lower where it began one."""
        return self.path / "overlays"

    @property
    def log(self) -> Path:
        """What the step printed, if that was kept."""
        return self.path / "log"

    @property
    def branch(self) -> str:
        """The side branch that it is on, whose layers no main line has below it; else empty."""
        parts = self.meta.recipe.parts
        return next((part.text or "" for part in parts if part.kind is PartKind.BRANCH), "")

    @property
    def seal(self) -> str | None:
        """The tree digest, if the layer is on the disk for certain."""
        try:
            text = (self.path / SEAL).read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return None
        return text if re.fullmatch("[0-9a-f]{64}", text) else None

    @property
    def last_used(self) -> float:
        """When a build last used it, in seconds since 1970."""
        return (self.path / META).stat().st_mtime

    def lies_on(self, other: Layer | None) -> bool:
        """Whether it was made on that layer, and on that making of it."""
        return self.meta.after == (other.meta.making if other else None)

    def is_whole(self, boot: str) -> bool:
        """Whether nothing of it can have been lost: sealed, or made since the machine started."""
        return (boot != "" and self.meta.boot == boot) or self.seal is not None


def current_boot() -> str:
    """The id of the machine's current boot (random(4)); empty where that can't be told."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def load(path: Path) -> Layer | None:
    """The layer in a directory of the store; ``None`` if that holds none, or none that is whole."""
    try:
        data = json.loads((path / META).read_bytes())
        meta = _from_json(data)
    except (OSError, KeyError, TypeError, ValueError):
        return None
    matches = meta.key == path.name == key.key(meta.recipe) and (path / "diff").is_dir()
    return Layer(path=path, meta=meta) if matches else None


def write_meta(folder: Path, meta: Meta) -> None:
    """Write the facts into a layer that is not in the store yet."""
    (folder / META).write_text(json.dumps(_to_json(meta), indent=1) + "\n", encoding="ascii")


def _to_json(meta: Meta) -> dict[str, object]:
    return {
        "format": FORMAT,
        "key": meta.key,
        "making": meta.making,
        "after": meta.after,
        "seconds": meta.seconds,
        "created": meta.created,
        "size": meta.size,
        "boot": meta.boot,
        "recipe": key.to_json(meta.recipe),
    }


def _from_json(data: Mapping[str, object]) -> Meta:
    if data["format"] != FORMAT:
        raise ValueError("another format")
    recipe = data["recipe"]
    if not isinstance(recipe, dict):
        raise TypeError("no recipe")
    return Meta(
        key=str(data["key"]),
        making=str(data["making"]),
        after=None if data["after"] is None else str(data["after"]),
        recipe=key.from_json(recipe),
        seconds=float(str(data["seconds"])),
        created=float(str(data["created"])),
        size=int(str(data["size"])),
        boot=str(data["boot"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOverlay:
    """An overlay in the build directory that steps have left, as the next step sees it.

    Attributes:
        name: where it is mounted, relative to the build directory.
        lower: what it lies over, likewise.
        uppers: what the steps changed in it, newest first: more lower directories for the next.
    """

    name: str
    lower: str
    uppers: tuple[Path, ...]


def left_overlays(chain: Sequence[Layer]) -> tuple[LeftOverlay, ...]:
    """The overlays that a chain of layers, oldest first, has left; by name.

    A layer that names the lower directory begins an overlay anew, whatever layers before it
    had under that name; one that does not goes on with it.
    """
    found: dict[str, LeftOverlay] = {}
    for layer in chain:
        for folder in sorted(layer.overlays.iterdir()) if layer.overlays.is_dir() else ():
            upper = folder / "upper"
            if (folder / LOWER).is_file():
                lower = (folder / LOWER).read_text(encoding="utf-8").strip()
                found[folder.name] = LeftOverlay(name=folder.name, lower=lower, uppers=(upper,))
            elif folder.name in found:
                old = found[folder.name]
                uppers = (upper, *old.uppers)
                found[folder.name] = LeftOverlay(name=old.name, lower=old.lower, uppers=uppers)
    return tuple(found[name] for name in sorted(found))
