"""Which live-build answers to which description of itself."""

from __future__ import annotations

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.livebuild import version
from livecd_rootfs.livebuild.version import Line


@pytest.mark.parametrize(
    ("answer", "number", "line"),
    [
        ("20230502\n", "20230502", Line.DEBIAN),
        ("20250505+deb13u1\n", "20250505", Line.DEBIAN),
        (
            "lb_config, version 3.0~a57-1ubuntu41\nThis program is ...",
            "3.0~a57-1ubuntu41",
            Line.UBUNTU,
        ),
        ("live-build 3.0~a57\n", "3.0~a57", Line.UBUNTU),
    ],
)
def test_known(answer: str, number: str, line: Line) -> None:
    assert version.parse(answer) == version.LiveBuild(version=number, line=line)


@pytest.mark.parametrize("answer", ["", "4.0.3-1\n", "20170213\n", "lb: command line wrong\n"])
def test_unknown_is_refused_in_its_own_words(answer: str) -> None:
    with pytest.raises(LivecdError) as caught:
        version.parse(answer)
    assert answer.strip() in caught.value.message
    assert "3.0~a57" in str(caught.value.remedy)


def test_none_is_told_with_its_package() -> None:
    with pytest.raises(LivecdError) as caught:
        version.installed({"PATH": "/nonexistent"})
    assert caught.value.message == "live-build is not installed"
    assert caught.value.remedy == "apt-get install live-build"
