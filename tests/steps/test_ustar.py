"""Archives whose order counts."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import ustar
from livecd_rootfs.steps.ustar import Member
from tests.steps.builds import EPOCH


def test_order_times_and_owners(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 1000)
    members = (
        Member(name="z", content=b"first"),
        Member(name="a", content=tmp_path / "big", mode=0o600),
    )
    ustar.write(tmp_path / "made.tar", members, epoch=EPOCH)
    with tarfile.open(tmp_path / "made.tar") as archive:
        found = archive.getmembers()
        assert [(each.name, each.size, each.mode) for each in found] == [
            ("z", 5, 0o644),
            ("a", 1000, 0o600),
        ]
        assert {(each.mtime, each.uid, each.gid, each.uname) for each in found} == {
            (EPOCH, 0, 0, "")
        }
        first = archive.extractfile("z")
        assert first
        assert first.read() == b"first"
    assert (tmp_path / "made.tar").read_bytes()[257:265] == b"ustar\00000"


def test_what_is_too_large_is_told(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        os.truncate(stream.fileno(), 8 << 30)
    with pytest.raises(LivecdError, match="huge is larger than the 8 GiB"):
        ustar.write(
            tmp_path / "made.tar", [Member(name="huge", content=tmp_path / "huge")], epoch=0
        )
