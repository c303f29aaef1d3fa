"""The parts of a VMDK."""

from __future__ import annotations

from uuid import UUID

import pytest

from livecd_rootfs.steps import vmdk
from livecd_rootfs.steps.vmdk import Disk, Mark

DISK = Disk(
    name="livecd.test.vmdk",
    size=100 << 20,
    id=UUID("00112233-4455-6677-8899-aabbccddeeff"),
)
DESCRIPTOR = """\
# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=baddbeef
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW 204800 SPARSE "livecd.test.vmdk"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "13"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.longContentID = "00112233445566778899aabbbaddbeef"
ddb.toolsVersion = "2147483647"
ddb.virtualHWVersion = "4"
"""


def test_the_descriptor() -> None:
    given = vmdk.content_id(DISK.id)
    assert vmdk.descriptor(DISK).replace(f"{given:08x}", "baddbeef") == DESCRIPTOR


@pytest.mark.parametrize("number", [0, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF, (1 << 128) - 1])
def test_no_content_id_means_something_else(number: int) -> None:
    assert 0 <= vmdk.content_id(UUID(int=number)) < 0xFFFFFFFE


def test_geometry_of_a_large_disk_is_as_much_as_it_can_say() -> None:
    disk = Disk(name="x", size=2 << 40, id=DISK.id)
    assert 'ddb.geometry.cylinders = "65535"' in vmdk.descriptor(disk)


def test_grains_begin_where_the_header_says() -> None:
    head = vmdk.head(DISK)
    assert len(head) == 128 * 512
    assert head.index(b"# Disk DescriptorFile") == 512
    assert len(vmdk.descriptor(DISK)) < 20 * 512


@pytest.mark.parametrize(("size", "sectors"), [(500, 1), (501, 2), (500 + 512, 2)])
def test_a_grain_fills_whole_sectors(size: int, sectors: int) -> None:
    assert len(vmdk.grain(3, b"x" * size)) == sectors * 512


def test_the_end_is_one_sector_of_zeroes() -> None:
    assert vmdk.marked(Mark.END_OF_STREAM) == bytes(512)


def test_a_marker_tells_how_long_its_part_is() -> None:
    table = vmdk.marked(Mark.TABLE, vmdk.entries([7] * 512))
    assert len(table) == 5 * 512
    assert table[:16] == bytes([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    assert table[512:516] == b"\7\0\0\0"
