"""os-release as distributions write it."""

from __future__ import annotations

from livecd_rootfs.steps import osrelease

TEXT = """\
PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
ID=debian
# a comment
VERSION_ID='13'
EMPTY=
BROKEN="no end
QUOTED="it\\'s \\"so\\""
"""


def test_parse() -> None:
    assert osrelease.parse(TEXT) == {
        "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)",
        "ID": "debian",
        "VERSION_ID": "13",
        "QUOTED": 'it\\\'s "so"',
    }
