"""A bootstrap that will not fit is refused before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.build import diskroom
from livecd_rootfs.build.diskroom import LEAST_BYTES
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers.key import PartKind, Recipe, key, of_text
from livecd_rootfs.layers.layer import Layer, Meta

MIB = 1 << 20


def bootstrap(words: str, archive: str = "today") -> Recipe:
    asked = of_text(PartKind.SETTING, "bootstrap", words)
    return Recipe(
        parent=None,
        kind="base",
        name="bootstrap",
        parts=(asked, of_text(PartKind.ARCHIVE, "InRelease", archive)),
    )


def stored(recipe: Recipe, size: int, created: float) -> Layer:
    meta = Meta(
        key=key(recipe), making="x", after=None, recipe=recipe,
        seconds=1, created=created, size=size, boot="x",
    )  # fmt: skip
    return Layer(path=Path("/store") / meta.key, meta=meta)


LAYERS = (
    stored(bootstrap("large", "long ago"), 500 * MIB, 1),
    stored(bootstrap("large", "yesterday"), 424 * MIB, 2),
    stored(bootstrap("other"), 900 * MIB, 3),
)


def test_the_last_one_of_the_same_packages_tells_the_size() -> None:
    assert diskroom.estimate(bootstrap("large"), LAYERS).bytes == 424 * MIB
    assert diskroom.estimate(bootstrap("new"), LAYERS).bytes == LEAST_BYTES


@pytest.mark.parametrize(
    ("free", "words", "why"),
    [
        (300, "large", "300.0 MiB are free there; the last one of these packages took 424.0 MiB"),
        (90, "new", "90.0 MiB are free there; the smallest root takes 100.0 MiB"),
    ],
)
def test_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, free: int, words: str, why: str
) -> None:
    monkeypatch.setattr(diskroom, "free_bytes", lambda _: free * MIB)
    with pytest.raises(LivecdError, match="the cache has no room for a bootstrap") as failure:
        diskroom.check(Path("/store"), bootstrap(words), LAYERS)
    assert failure.value.why == why
    assert "--cache DIR" in (failure.value.remedy or "")


def test_what_fits_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert diskroom.free_bytes(tmp_path) > 0
    monkeypatch.setattr(diskroom, "free_bytes", lambda _: 424 * MIB)
    diskroom.check(Path("/store"), bootstrap("large"), LAYERS)
    monkeypatch.setattr(diskroom, "free_bytes", lambda _: 0)
    given = Recipe(parent=None, kind="base", name="base directory")
    diskroom.check(Path("/store"), given, LAYERS)
