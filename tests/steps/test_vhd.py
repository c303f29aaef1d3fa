"""The footer of a VHD, read by the specification and by QEMU."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from uuid import UUID

import pytest

from livecd_rootfs import process
from livecd_rootfs.steps import vhd
from livecd_rootfs.steps.vhd import Geometry

MIB = 1 << 20
ID = UUID("00112233-4455-6677-8899-aabbccddeeff")
EPOCH = 1_700_000_000


def parsed(footer: bytes) -> dict[str, object]:
    """The fields, at the offsets that the specification's table has."""
    assert len(footer) == 512

    def number(at: int, size: int) -> int:
        return int.from_bytes(footer[at : at + size], "big")

    return {
        "cookie": footer[0:8],
        "features": number(8, 4),
        "version": number(12, 4),
        "data offset": number(16, 8),
        "time": number(24, 4),
        "original size": number(40, 8),
        "current size": number(48, 8),
        "geometry": struct.unpack(">HBB", footer[56:60]),
        "type": number(60, 4),
        "checksum": number(64, 4),
        "id": UUID(bytes=footer[68:84]),
        "saved": footer[84],
    }


def test_fields() -> None:
    footer = vhd.footer(size=1784 * MIB, id=ID, epoch=EPOCH)
    wanted = ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF
    assert parsed(footer) == {
        "cookie": b"conectix",
        "features": 2,
        "version": 0x10000,
        "data offset": 0xFFFFFFFFFFFFFFFF,
        "time": EPOCH - 946684800,
        "original size": 1784 * MIB,
        "current size": 1784 * MIB,
        "geometry": (3624, 16, 63),
        "type": 2,
        "checksum": wanted,
        "id": ID,
        "saved": 0,
    }
    assert not any(footer[85:])


def test_a_time_before_2000_is_2000() -> None:
    assert parsed(vhd.footer(size=MIB, id=ID, epoch=0))["time"] == 0


@pytest.mark.parametrize(
    ("size", "cylinders", "heads", "sectors"),
    [
        (1 * MIB, 30, 4, 17),
        (64 * MIB, 963, 8, 17),
        (200 * MIB, 825, 16, 31),
        (1024 * MIB, 2080, 16, 63),
        (200 << 30, 65535, 16, 255),
    ],
)
def test_geometry(size: int, cylinders: int, heads: int, sectors: int) -> None:
    expected = Geometry(cylinders=cylinders, heads=heads, sectors=sectors)
    assert vhd.geometry(size // 512) == expected


@pytest.mark.tools("qemu-img")
@pytest.mark.parametrize("mebibytes", [1, 37, 1702])
def test_qemu_takes_the_size_to_the_byte(tmp_path: Path, mebibytes: int) -> None:
    image, size = tmp_path / "disk.vhd", mebibytes * MIB
    with image.open("wb") as stream:
        stream.truncate(size)
        stream.seek(size)
        stream.write(vhd.footer(size=size, id=ID, epoch=EPOCH))
    told = json.loads(process.run(["qemu-img", "info", "-f", "vpc", "--output=json", image]).stdout)
    assert (told["format"], told["virtual-size"]) == ("vpc", size)
