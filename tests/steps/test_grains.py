"""Disks written as VMDKs, read by others."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest

from livecd_rootfs import process
from livecd_rootfs.steps import grains
from livecd_rootfs.steps.vmdk import Disk
from tests.steps import vmdks
from tests.steps.builds import digest

MIB, GRAIN = 1 << 20, 1 << 16
ID = UUID(int=0x1234)
# Where something is on the disk, and what.
CONTENT = {
    0: b"first" * 100,
    GRAIN - 1: b"over the edge of a grain",
    31 * MIB: hashlib.shake_128(b"noise").digest(3 * MIB),
    70 * MIB: bytes(2 * GRAIN),
    100 * MIB - 5: b"last!",
}
READ_BY_LIBVMDK = """
import hashlib, pyvmdk, sys
handle = pyvmdk.handle()
handle.open(sys.argv[1])
handle.open_extent_data_files()
print(hashlib.sha256(handle.read_buffer(handle.media_size)).hexdigest())
"""


def raw(path: Path, content: Mapping[int, bytes] = CONTENT, size: int = 100 * MIB) -> Path:
    with path.open("wb") as stream:
        for start, data in content.items():
            stream.seek(start)
            stream.write(data)
        stream.truncate(size)
    return path


def written(source: Path, *, level: int = 6) -> Path:
    image = source.with_suffix(".vmdk")
    disk = Disk(name=image.name, size=source.stat().st_size, id=ID)
    grains.write(source, image, disk, level=level)
    return image


def test_the_stream_is_as_importers_want_it(tmp_path: Path) -> None:
    source = raw(tmp_path / "disk.raw")
    stream = vmdks.read(written(source))
    assert stream.header == {
        "version": 3,
        "flags": 0x30001,
        "capacity": 100 * MIB // 512,
        "grain": 128,
        "at": 1,
        "size": 20,
        "entries": 512,
        "second": 0,
        "directory": 0xFFFFFFFFFFFFFFFF,
        "overhead": 128,
        "unclean": 0,
        "algorithm": 1,
    }
    parts = [kind for kind in stream.order if kind != "grain"]
    assert parts == ["table", "table", "table", "directory", "footer", "end"]
    assert list(stream.grains) == sorted(stream.grains)
    assert stream.disk() == source.read_bytes()


def test_tables_and_directory_lead_to_the_grains(tmp_path: Path) -> None:
    stream = vmdks.read(written(raw(tmp_path / "disk.raw")))
    kind, place, body = stream.bodies[-3]
    assert kind == "directory"
    footer = vmdks.fields(stream.bodies[-2][2])
    assert footer == {**stream.header, "directory": place}
    tables = {sector: struct.unpack("<512I", body) for _, sector, body in stream.bodies[:-3]}
    entries = struct.unpack("<128I", body)
    assert entries[2] == 0, "nothing lies there: 64 to 96 MiB"
    found = {
        (number * 512 + index) * 128: place
        for number, table in enumerate(entries)
        if table
        for index, place in enumerate(tables[table])
        if place
    }
    assert found == stream.places


def test_zeroes_are_left_out_whether_they_are_holes_or_not(tmp_path: Path) -> None:
    holes = raw(tmp_path / "holes.raw")
    filled = tmp_path / "filled.raw"
    filled.write_bytes(holes.read_bytes())
    assert filled.stat().st_blocks > 10 * holes.stat().st_blocks
    (tmp_path / "other").mkdir()
    images = (written(holes), written(filled.rename(tmp_path / "other/holes.raw")))
    assert len({digest(image) for image in images}) == 1
    assert 70 * MIB // 512 not in vmdks.read(images[0]).grains


def test_holes_are_not_read(tmp_path: Path) -> None:
    """A terabyte of nothing would take minutes."""
    image = written(raw(tmp_path / "disk.raw", {1 << 40: b"x"}, (1 << 40) + MIB))
    assert vmdks.read(image).grains == {(1 << 40) // 512: b"x".ljust(GRAIN, b"\0")}


def test_the_number_of_cores_does_not_matter(tmp_path: Path) -> None:
    source = raw(tmp_path / "disk.raw")
    cores = os.sched_getaffinity(0)
    one = digest(written(source))
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert digest(written(source)) == one
    finally:
        os.sched_setaffinity(0, cores)


@pytest.mark.parametrize("size", [512, GRAIN, GRAIN + 512, 32 * MIB, 32 * MIB + 1000])
def test_a_disk_of_any_size(tmp_path: Path, size: int) -> None:
    source = raw(tmp_path / "disk.raw", {0: b"x" * size}, size)
    stream = vmdks.read(written(source))
    assert stream.header["capacity"] == -(-size // 512)
    assert stream.disk()[:size] == source.read_bytes()


def test_an_empty_disk(tmp_path: Path) -> None:
    stream = vmdks.read(written(raw(tmp_path / "disk.raw", {}, 64 * MIB)))
    assert stream.order == ["directory", "footer", "end"]


@pytest.mark.tools("qemu-img")
def test_qemu_reads_it(tmp_path: Path) -> None:
    source = raw(tmp_path / "disk.raw")
    image = written(source)
    process.run(["qemu-img", "compare", "-F", "raw", "-f", "vmdk", image, source])
    assert "create type: streamOptimized" in process.run(["qemu-img", "info", image]).stdout


@pytest.mark.tools("7zz")
def test_7zip_reads_it(tmp_path: Path) -> None:
    source = raw(tmp_path / "disk.raw")
    ended = subprocess.run(
        ["7zz", "e", "-tVMDK", "-so", written(source)], capture_output=True, check=True
    )
    assert hashlib.sha256(ended.stdout).hexdigest() == digest(source)


@pytest.mark.tools("vmdkinfo")
def test_libvmdk_reads_it(tmp_path: Path) -> None:
    source = raw(tmp_path / "disk.raw")
    image = written(source)
    told = process.run(["vmdkinfo", image]).stdout
    assert "Stream optimized" in told
    assert "(104857600 bytes)" in told
    ended = process.run(["/usr/bin/python3", "-c", READ_BY_LIBVMDK, image])
    assert ended.stdout.strip() == digest(source)
