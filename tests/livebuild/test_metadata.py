"""The builds that Launchpad runs side by side, and those that it must not."""

from __future__ import annotations

import json

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.livebuild import metadata
from livecd_rootfs.livebuild.metadata import Product
from livecd_rootfs.resolve import Resolution, resolve
from tests.trees import PaperTree

SERIES = {
    "disk": "disk.binary\nprovides livecd.p.disk\n",
    "img": "depends disk\nimg.binary\nprovides livecd.p.img\n",
    "iso": "depends disk\nprovides livecd.p.iso\nprovides livecd.p.img\n",
    "all": "depends img\n",
    "base": "depends other\n",
    "other": "other.binary\nprovides livecd.p.other\n",
}
PRODUCT = Product(project="p", subproject="", subarch="")


def group(*targets: str) -> Resolution:
    return resolve(targets, PaperTree(SERIES), prefix="livecd.p")


def test_each_group_for_each_architecture() -> None:
    found = metadata.builds(PRODUCT, [group("disk"), group("img")], ["amd64", "arm64"])
    assert [build.key for build in found] == [
        "p-amd64-disk",
        "p-amd64-img",
        "p-arm64-disk",
        "p-arm64-img",
    ]
    assert found[1].provides == ("livecd.p.img",)
    assert len({build.key for build in found}) == len(found)


def test_all_that_names_a_build_is_in_it() -> None:
    product = Product(project="p", subproject="minimized", subarch="raspi")
    (found,) = json.loads(
        metadata.render(metadata.builds(product, [group("disk", "img")], ["arm64"]))
    )
    assert found == {
        "unique_key": "p-minimized-arm64-raspi-disk+img",
        "arch": "arm64",
        "metadata_override": {
            "project": "p",
            "subproject": "minimized",
            "subarch": "raspi",
            "image_targets": ["disk", "img"],
        },
        "provides": ["livecd.p.disk", "livecd.p.img"],
    }


def test_two_that_provide_one_artifact_are_refused_with_both_places() -> None:
    with pytest.raises(LivecdError) as caught:
        metadata.builds(PRODUCT, [group("img"), group("iso")], ["amd64"])
    assert caught.value.message == "two builds would publish 'livecd.p.img': img and iso"
    assert caught.value.notes == (
        "build img: base/series/img:3:10",
        "build iso: base/series/iso:3:10",
    )


def test_an_aggregate_keeps_all_that_is_made_on_the_way() -> None:
    with pytest.raises(LivecdError) as caught:
        metadata.builds(PRODUCT, [group("disk"), group("all")], ["amd64"])
    assert "all provides nothing itself, so all is kept" in caught.value.notes


def test_two_aggregates_would_both_keep_live_build_s_kernel() -> None:
    with pytest.raises(LivecdError) as caught:
        metadata.builds(PRODUCT, [group("all"), group("other"), group("base")], ["amd64"])
    assert "livecd.p.other" in caught.value.message
    with pytest.raises(LivecdError) as caught:
        metadata.builds(PRODUCT, [group("all"), group("base")], ["amd64"])
    assert caught.value.message == ("two builds would keep all that is made in them: all and base")


def test_the_same_twice_is_refused() -> None:
    with pytest.raises(LivecdError, match="asked for twice"):
        metadata.builds(PRODUCT, [group("img"), group("img")], ["amd64"])


def test_one_build_may_provide_an_artifact_by_two_targets() -> None:
    (found,) = metadata.builds(PRODUCT, [group("img", "iso")], ["amd64"])
    assert found.provides == ("livecd.p.img", "livecd.p.iso")
