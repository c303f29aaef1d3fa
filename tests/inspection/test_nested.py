"""The disk in a file: found through compression and archives, and nothing else taken for one."""

from __future__ import annotations

import gzip
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs.inspection import nested
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.unreadable import Unreadable

DISK = bytes(510) + b"\x55\xaa" + bytes(512)


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    """A tar file with these members."""
    source = path.with_suffix(".source")
    with tarfile.open(path, "w") as made:
        for name, content in members.items():
            source.write_bytes(content)
            made.add(source, name)
    return path


@pytest.mark.parametrize(
    "members",
    [
        {"disk.raw": DISK},  # Google's
        {"livecd.ovf": b"<Envelope/>", "livecd.mf": b"SHA256", "livecd.vmdk": DISK},
        {"metadata.json": b"{}", "box.ovf": b"", "cidata.vmdk": b"KDMV", "box-disk.vmdk": DISK},
        {"./metadata.json": b"{}", "./seed.img": b"small", "./box.img": DISK},
    ],
    ids=["gce", "ova", "VirtualBox", "libvirt"],
)
def test_the_largest_disk_of_an_archive(
    at: Bench, tmp_path: Path, members: Mapping[str, bytes]
) -> None:
    made = archive(tmp_path / "archive", members)
    packed = tmp_path / "archive.gz"
    packed.write_bytes(gzip.compress(made.read_bytes()))
    for path in (made, packed):
        assert nested.is_packed(path)
        assert nested.disk(at, path).read_bytes() == DISK


def test_a_compressed_disk(at: Bench, tmp_path: Path) -> None:
    path = tmp_path / "disk.xz"
    path.write_bytes(lzma.compress(DISK))
    assert nested.is_packed(path)
    assert nested.disk(at, path).read_bytes() == DISK


def test_a_disk_is_itself(at: Bench, tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(DISK)
    assert not nested.is_packed(path)
    assert nested.disk(at, path) == path


def test_a_root_has_none(at: Bench, tmp_path: Path) -> None:
    """Whatever lies in it."""
    path = archive(tmp_path / "root", {"etc/os-release": b"ID=debian\n", "old.img": DISK})
    with pytest.raises(Unreadable, match="a tar file without a disk in it"):
        nested.disk(at, path)


def test_a_damaged_archive(at: Bench, tmp_path: Path) -> None:
    path = tmp_path / "disk.gz"
    path.write_bytes(gzip.compress(DISK)[:-9])
    with pytest.raises(Unreadable, match="it is no whole gzip file"):
        nested.disk(at, path)
