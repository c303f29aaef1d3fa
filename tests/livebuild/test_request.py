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
        ({"PROJECT": "a/b"}, "ImageId is 'a/b', which is not a name"),
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


def test_a_project_gives_hooks_its_settings_and_its_files_by_their_places(tmp_path: Path) -> None:
    (tmp_path / "mkosi.extra").mkdir()
    (tmp_path / "mkosi.build").touch(0o755)
    (tmp_path / "mkosi.conf").write_text(
        "[Content]\nHostname=box\nBootable=no\nPackages=vim\nPassword=letmein\n"
        "ExtraTrees=mkosi.conf:/etc/conf\nBuildDirectory=objects\n"
    )
    environ = {"PROJECT": "p", "ARCH": "amd64", "SUITE": "trixie", "IMAGE_TARGETS": "image"}
    request, warnings = requests.load(environ, tmp_path)
    assert warnings == ()
    found = request.variables()
    assert found["EXTRA_TREES"] == f"{tmp_path}/mkosi.extra\n{tmp_path}/mkosi.conf:/etc/conf"
    assert found["BUILD_SCRIPT"] == f"{tmp_path}/mkosi.build"
    assert found["BUILD_DIRECTORY"] == f"{tmp_path}/objects"
    assert (found["HOSTNAME"], found["CLOUD"], found["LIVECD_PIPELINE"]) == ("box", "no", "yes")
    assert found["IMAGE_PACKAGES"].split() == list(request.packages) == ["passwd", "vim"]
    assert "letmein" not in str(found)
    assert (found["HAS_BUILD_SCRIPT"], found["BUILD_SOURCES"]) == ("yes", str(tmp_path))
    withheld = found["LIVECD_WITHHELD"].splitlines()
    assert {f"{tmp_path}/{name}" for name in ("chroot", ".git", "mkosi.conf")} <= set(withheld)


def test_without_the_pipeline_a_project_is_a_cloud_image(tmp_path: Path) -> None:
    (tmp_path / "mkosi.conf").write_text("[Content]\nPackages=vim\n")
    found = requests.load({"PROJECT": "p", "SUITE": "trixie", "ARCH": "amd64"}, tmp_path)[0]
    assert found.variables()["LIVECD_PIPELINE"] == ""
    assert {"cloud-init", "vim"} <= set(found.packages)
