"""What a step knows, from the environment that a hook gets: ours, and live-build's few variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.steps import context
from livecd_rootfs.steps.context import Context
from tests.steps.builds import EPOCH, HostTools

BUILD = Path("/build")


def from_environment(**variables: str) -> Context:
    return context.from_environment(variables, BUILD, tools=HostTools(), now=EPOCH)


@pytest.mark.parametrize(
    ("variables", "artifact"),
    [
        ({}, "livecd.ubuntu-cpc.img"),
        ({"PROJECT": "debian-cpc"}, "livecd.debian-cpc.img"),
        ({"PROJECT": "debian-cpc", "SUBARCH": ""}, "livecd.debian-cpc.img"),
        ({"PROJECT": "debian-cpc", "SUBARCH": "raspi"}, "livecd.debian-cpc-raspi.img"),
        ({"PROJECT": "debian-cpc", "PREFIX": "livecd.mine"}, "livecd.mine.img"),
    ],
)
def test_artifacts(variables: dict[str, str], artifact: str) -> None:
    assert from_environment(**variables).artifact(".img") == BUILD / artifact


@pytest.mark.parametrize(
    ("variables", "arch"),
    [
        ({}, "amd64"),
        ({"LB_ARCHITECTURE": "arm64"}, "arm64"),
        ({"LB_ARCHITECTURE": "arm64", "ARCH": "riscv64"}, "riscv64"),
    ],
)
def test_arch(variables: dict[str, str], arch: str) -> None:
    assert from_environment(**variables).arch == arch


@pytest.mark.parametrize(("text", "epoch"), [("0", 0), ("1763000000", 1763000000), ("", EPOCH)])
def test_epoch(text: str, epoch: int) -> None:
    assert from_environment(SOURCE_DATE_EPOCH=text).epoch == epoch


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5", "٣"])
def test_epoch_that_is_no_number(text: str) -> None:
    with pytest.raises(UsageError, match=f"SOURCE_DATE_EPOCH is '{text}'"):
        from_environment(SOURCE_DATE_EPOCH=text)


@pytest.mark.parametrize(
    ("text", "label"), [("", "cloudimg-rootfs"), ("root", "root"), ("a" * 16, "a" * 16)]
)
def test_label(text: str, label: str) -> None:
    assert from_environment(FS_LABEL=text).label == label


@pytest.mark.parametrize("text", ["a" * 17, "two words", "$(id)", "r\u00f6\u00f6t", "line\n"])
def test_label_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="which is no label"):
        from_environment(FS_LABEL=text)


def test_ids_differ_by_name_and_by_build_and_by_nothing_else() -> None:
    one = from_environment(LIVECD_SEED="one")
    assert one.id("disk") == from_environment(LIVECD_SEED="one", HOME="/root").id("disk")
    assert one.id("disk") != one.id("partition 1")
    assert one.id("disk") != from_environment(LIVECD_SEED="two").id("disk")


def test_without_a_seed_the_ids_follow_what_names_the_build() -> None:
    trixie = from_environment(PROJECT="p", SUITE="trixie")
    assert trixie.seed == "livecd.p trixie amd64"
    assert trixie.id("disk") != from_environment(PROJECT="p", SUITE="sid").id("disk")


def test_tools_see_nothing_of_the_user() -> None:
    build = from_environment(HOME="/root", LANG="de_DE.UTF-8", TZ="Asia/Tokyo", PATH="/bin")
    assert build.environment(MORE="x") == {
        "PATH": "/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "TZ": "UTC0",
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "MORE": "x",
    }


@pytest.mark.parametrize(
    ("variables", "value"), [({}, "zstd"), ({"C": ""}, "zstd"), ({"C": "xz"}, "xz")]
)
def test_choice(variables: dict[str, str], value: str) -> None:
    assert from_environment(**variables).choice("C", ("zstd", "xz")) == value


def test_choice_of_what_there_is_not() -> None:
    with pytest.raises(UsageError, match="C is 'rar'") as caught:
        from_environment(C="rar").choice("C", ("zstd", "xz"))
    assert caught.value.remedy == "one of zstd, xz"
