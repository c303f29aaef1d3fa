"""What a build is asked for: variables read, and refused in one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.livebuild import request as requests
from livecd_rootfs.livebuild.request import Request


def load(**environ: str) -> Request:
    known = {"PROJECT": "p", "ARCH": "amd64", "SUITE": "bookworm"}
    request, warnings = requests.load({**known, **environ}, Path("/nonexistent"))
    assert warnings == ()
    return request


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("", ("all",)),
        (" \n", ("all",)),
        (",;", ("all",)),
        ("one", ("one",)),
        ("one,two", ("one", "two")),
        ("one;two", ("one", "two")),
        ("one two\tthree\nfour", ("one", "two", "three", "four")),
        (" one, two ;three ", ("one", "two", "three")),
    ],
)
def test_image_targets(text: str, targets: tuple[str, ...]) -> None:
    assert load(IMAGE_TARGETS=text).targets == targets


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PROJECT": ""}, "PROJECT is not set"),
        ({"PROJECT": "a/b"}, "PROJECT is 'a/b', which can't be part of a file's name"),
        ({"PROJECT": "a\nb"}, "PROJECT is 'a\\nb', which can't be part of a file's name"),
        ({"SUBARCH": "-x"}, "SUBARCH is '-x', which can't be part of a file's name"),
        ({"ARCH": "mips"}, "there is no ARCH:SUBARCH 'mips' that this program knows"),
        (
            {"ARCH": "amd64", "SUBARCH": "raspi"},
            "there is no ARCH:SUBARCH 'amd64:raspi' that this program knows",
        ),
        ({"IMAGEFORMAT": "vhd"}, "IMAGEFORMAT is 'vhd'"),
        ({"SUITE": "bullseye-typo"}, "there is no suite 'bullseye-typo' that this program knows"),
    ],
)
def test_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(**environ)
    assert caught.value.message == message
    assert caught.value.remedy


def test_what_hooks_may_read() -> None:
    variables = load(
        NOW="20260101.2", SUBPROJECT="minimized", IMAGE_TARGETS="a,b", PROPOSED="1"
    ).variables()
    wanted = {
        "BUILDSTAMP": "20260101.2",
        "SUBPROJECT": "minimized",
        "IMAGE_TARGETS": "a b",
        "PROPOSED": "1",
        "SUITE": "bookworm",
        "DISTRIBUTION": "debian",
        "PREFIX": "livecd.p",
        "IMAGEFORMAT": "",
    }
    assert {name: variables[name] for name in wanted} == wanted
    assert not {"PATH", "HOME", "MIRROR", "SOURCE_DATE_EPOCH"} & set(variables)


def test_the_prefix_has_the_variant() -> None:
    assert load(ARCH="arm64", SUBARCH="raspi").prefix == "livecd.p-raspi"


def test_a_variant_has_its_kernel() -> None:
    request = load(ARCH="arm64", SUBARCH="raspi", SUITE="noble")
    assert "linux-image-raspi" in request.packages
    assert "linux-image-virtual" not in request.packages


def test_a_build_without_a_serial_gets_one() -> None:
    day, _, time = load().serial.partition("-")
    assert (len(day), len(time)) == (8, 6)
