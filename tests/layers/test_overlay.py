"""Mounting chains of layers: as many as the kernel takes, and nothing left when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import layer, overlay
from livecd_rootfs.layers.layer import LeftOverlay
from livecd_rootfs.layers.overlay import Changes
from livecd_rootfs.layers.store import Store
from tests.layers.steps import build, recipe

LONG = "a long name, with : and \\ in it " * 3


def directories(folder: Path, count: int) -> list[Path]:
    """That many directories of one file each, with names that no page of options would hold."""
    made = [folder / f"{LONG}{number}" for number in range(count)]
    for number, path in enumerate(made):
        path.mkdir()
        (path / str(number)).touch()
    return made


@pytest.mark.root
@pytest.mark.parametrize("count", [1, 2, 30, 500])
def test_as_many_layers_as_the_kernel_takes(tmp_path: Path, count: int) -> None:
    lowers = directories(tmp_path, count)
    changes = Changes(upper=tmp_path / "upper", work=tmp_path / "work")
    for path in (changes.upper, changes.work, slot := tmp_path / "slot"):
        path.mkdir()
    here = Path.cwd()
    with overlay.mounted(lowers, slot, changes) as merged:
        assert len(list(merged.iterdir())) == count
        (merged / "0").unlink()
    assert Path.cwd() == here
    assert not list(slot.iterdir())
    assert [path.name for path in changes.upper.iterdir()] == ["0"]


@pytest.mark.root
def test_one_layer_too_many(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="an overlay of 501 layers can't be mounted"):
        overlay.mounted([tmp_path] * 501, tmp_path).__enter__()


@pytest.mark.root
def test_what_the_kernel_refuses_leaves_nothing_mounted(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="an overlay could not be mounted") as caught:
        overlay.mounted([tmp_path / "none", tmp_path], tmp_path).__enter__()
    assert caught.value.place == str(tmp_path)
    assert not os.path.ismount(tmp_path)


@pytest.mark.root
def test_an_overlay_that_is_in_use_is_not_hidden_by_a_lazy_unmount(tmp_path: Path) -> None:
    one, two, slot = (tmp_path / name for name in ("one", "two", "slot"))
    for path in (one, two, slot):
        path.mkdir()
    (one / "file").touch()
    mounted = overlay.mounted([one, two], slot)
    mounted.__enter__()
    with (slot / "file").open(), pytest.raises(LivecdError, match="could not be unmounted"):
        mounted.__exit__(None, None, None)
    assert os.path.ismount(slot)
    overlay._unmount(slot)


def test_overlays_that_steps_leave(tmp_path: Path) -> None:
    """One begins it, one goes on, one does not touch it, one begins it anew."""
    store = Store.open(tmp_path)
    with build(store, tmp_path / "slot") as run:
        for name, begins, goes_on in (
            ("1", "chroot", ""), ("2", "", "x"), ("3", "", ""), ("4", "other", "x"),
        ):  # fmt: skip
            with store.staging(run.last) as made:
                begin(made.overlays / "rootfs.dir", begins)
                upper, _ = made.going_on("rootfs.dir")
                if goes_on:
                    (upper / goes_on).touch()
                run.chain.append(
                    run.lease.commit(made, recipe(name, run.last), run.last, seconds=0)
                )
    uppers = [one.overlays / "rootfs.dir" / "upper" for one in run.chain]
    assert layer.left_overlays(run.chain[:3]) == (
        LeftOverlay(name="rootfs.dir", lower="chroot", uppers=(uppers[1], uppers[0])),
    )
    assert layer.left_overlays(run.chain) == (
        LeftOverlay(name="rootfs.dir", lower="other", uppers=(uppers[3],)),
    )
    assert layer.left_overlays(run.chain[:0]) == ()
    assert not any((upper.parent / "work").exists() for upper in uppers)
    assert not run.chain[2].overlays.exists()


def begin(place: Path, lower: str) -> None:
    """As a step does that mounts an overlay of its own."""
    if lower:
        for name in ("upper", "work"):
            (place / name).mkdir(parents=True)
        (place / layer.LOWER).write_text(f"{lower}\n")
