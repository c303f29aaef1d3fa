"""Package sources beside the suite: proposed updates, personal archives, mirrors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.livebuild import request as requests
from livecd_rootfs.livebuild import sources
from livecd_rootfs.livebuild.options import Mirrors
from livecd_rootfs.livebuild.request import Request
from livecd_rootfs.livebuild.sources import Ppa

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"


def request(**environ: str) -> Request:
    known = {"PROJECT": "p", "ARCH": "amd64", "SUITE": "noble"}
    return requests.load({**known, **environ}, Path("/nonexistent"))[0]


def no_fetch(address: str) -> bytes:
    raise AssertionError(address)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("team/tools", [("team", "tools", None)]),
        ("ppa:team/tools:1001, o/n", [("team", "tools", 1001), ("o", "n", None)]),
        ("o/n:-1", [("o", "n", -1)]),
    ],
)
def test_ppas(text: str, found: list[tuple[str, str, int | None]]) -> None:
    wanted = tuple(Ppa(owner=owner, name=name, priority=number) for owner, name, number in found)
    assert sources.ppas(text) == wanted


@pytest.mark.parametrize("text", ["team", "a/b/c", "a/$(reboot)", "../x", "a/b:high"])
def test_what_is_no_ppa_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="which is no personal archive"):
        sources.ppas(text)


def test_files_of_a_ppa() -> None:
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return json.dumps(KEY).encode()

    found = sources.personal(request(EXTRA_PPAS="team/tools:1001"), fetch)
    assert {name: content.decode() for name, content in found.items()} == {
        "ppa-team-tools.list.chroot": (
            "deb http://ppa.launchpadcontent.net/team/tools/ubuntu noble main\n"
        ),
        "ppa-team-tools.key.chroot": KEY,
        "ppa-team-tools.pref.chroot": (
            "Package: *\nPin: release o=LP-PPA-team-tools\nPin-Priority: 1001\n"
        ),
    }
    assert len(asked) == 1
    assert "~team/+archive/ubuntu/tools" in asked[0]


@pytest.mark.parametrize("answer", [b"", b"{}", b'"no key"', b"<html>"])
def test_an_answer_that_is_no_key_is_refused(answer: bytes) -> None:
    with pytest.raises(LivecdError, match="the key of team/tools is none"):
        sources.personal(request(EXTRA_PPAS="team/tools"), lambda _: answer)


def test_debian_has_no_ppas() -> None:
    with pytest.raises(UsageError, match="Ubuntu alone"):
        sources.personal(request(EXTRA_PPAS="a/b", SUITE="trixie"), no_fetch)


@pytest.mark.parametrize(
    ("suite", "line"),
    [
        ("noble", "deb http://a.test/ noble-proposed main restricted universe multiverse\n"),
        ("bookworm", "deb http://a.test/ bookworm-proposed-updates main\n"),
    ],
)
def test_proposed(suite: str, line: str) -> None:
    found = sources.proposed(request(PROPOSED="1", SUITE=suite), "http://a.test/")
    assert found == {"proposed.list.chroot": line.encode()}


def test_nothing_is_added_without_being_asked_for() -> None:
    assert sources.personal(request(), no_fetch) == {}
    assert sources.proposed(request(), "http://a.test/") == {}


HOST = (("http://d.test/", "bookworm"), ("http://s.test/", "bookworm-security"))


@pytest.mark.parametrize(
    ("environ", "entries", "main", "security", "in_image"),
    [
        ({"SUITE": "bookworm"}, HOST, "", "http://s.test/", "http://s.test/"),
        ({"SUITE": "bookworm"}, (), "", "", ""),
        ({"SUITE": "bookworm", "MIRROR": "http://m/"}, HOST, "http://m/", "http://s.test/", ""),
        ({"SUITE": "noble", "MIRROR": "http://m/"}, HOST, "http://m/", "http://m/", ""),
        ({"SUITE": "noble"}, HOST, "", "", ""),
    ],
)
def test_mirrors(
    environ: dict[str, str],
    entries: tuple[tuple[str, str], ...],
    main: str,
    security: str,
    in_image: str,
) -> None:
    found = sources.mirrors(request(**environ), entries)
    assert found == Mirrors(main=main, security=security, security_in_image=in_image)


def test_the_archive_is_read_from_what_live_build_wrote() -> None:
    text = 'LB_MIRROR_BINARY="x"\nLB_MIRROR_CHROOT="http://a.test/debian/"\n'
    assert sources.archive_of(text) == "http://a.test/debian/"
    assert sources.archive_of("") == ""
