"""The seed for cloud-init, read by mtools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livecd_rootfs import process
from livecd_rootfs.steps import cidata
from tests import needs
from tests.steps.builds import digest, made_context

FILES = {"user-data": "#cloud-config\n", "meta-data": "{}\n"}

pytestmark = pytest.mark.tools("mkfs.vfat", "mcopy", "mdir", "mtype", "fsck.vfat")


def made(folder: Path) -> Path:
    folder.mkdir()
    disk = folder / "seed.raw"
    cidata.make(made_context(folder), disk, FILES)
    return disk


def test_other_tools_read_it(tmp_path: Path) -> None:
    disk = made(tmp_path / "one")
    process.run([needs.program("fsck.vfat") or "", "-n", disk])
    listing = process.run(["mdir", "-i", disk, "::"], env={"TZ": "UTC0", "PATH": "/usr/bin"})
    assert "Volume in drive : is CIDATA" in listing.stdout
    assert len(re.findall(r"2023-11-14 +22:13", listing.stdout)) == 2
    for name, text in FILES.items():
        assert process.run(["mtype", "-i", disk, f"::{name}"]).stdout == text


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    assert digest(made(tmp_path / "one")) == digest(made(tmp_path / "other"))
