"""``livecd-rootfs launchpad-metadata`` with the shipped tree."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from livecd_rootfs import settings
from livecd_rootfs.commands import launchpad
from livecd_rootfs.deciding import decide
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.project import Project
from tests import checkout

SERIES = checkout.ROOT / "hooks.d/base/series"


def builds(*words: str, **variables: str) -> list[dict[str, list[str]]]:
    loaded, _ = settings.load({}, variables, Path("/nonexistent"))
    tree = Project(tree=checkout.ROOT / "hooks.d", settings=decide(loaded))
    found: list[dict[str, list[str]]] = json.loads(launchpad.show(tree, words))
    return found


def test_every_target_that_makes_something_may_run_beside_all_others() -> None:
    words = [path.name for path in SERIES.iterdir() if "\nprovides " in path.read_text()]
    found = builds(*words, ARCH="amd64,arm64")
    assert len(found) == 2 * len(words)
    published = Counter(
        (str(build["arch"]), artifact) for build in found for artifact in build["provides"]
    )
    assert set(published.values()) == {1}
    assert len({str(build["unique_key"]) for build in found}) == len(found)


def test_all_in_one_build_has_all_that_its_targets_have() -> None:
    amd64, arm64 = builds("all", ARCH="amd64,arm64")
    assert amd64["provides"] == arm64["provides"]
    assert {"livecd.debian-cpc.img", "livecd.debian-cpc.squashfs"} < set(amd64["provides"])


@pytest.mark.parametrize(
    ("words", "variables", "message"),
    [
        (("squashfs", "all"), {}, "two builds would publish 'livecd.debian-cpc.squashfs'"),
        (("squashfs",), {"ARCH": "amd64,arm64", "SUBARCH": "raspi"}, "'amd64:raspi'"),
        (("squashfs",), {"ARCH": "amd46"}, "'amd46'"),
    ],
)
def test_refused(words: tuple[str, ...], variables: dict[str, str], message: str) -> None:
    with pytest.raises(LivecdError) as caught:
        builds(*words, **variables)
    assert message in str(caught.value)
