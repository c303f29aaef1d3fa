"""The partition table, as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.steps import layout
from livecd_rootfs.steps.imagesize import GIB, MIB
from livecd_rootfs.steps.layout import Layout
from tests.steps.builds import made_context

AMD64 = """\
14 BIOS_BOOT        2048     8192
15 ESP             10240   217088
 1 ROOT_AMD64     227328  1867776
"""
ARM64 = """\
15 ESP             10240   217088
 1 ROOT_ARM64     227328  1867776
"""
WITH_BOOT = """\
14 BIOS_BOOT        2048     8192
15 ESP             10240   217088
13 XBOOTLDR       227328   524288
 1 ROOT_AMD64     751616  1343488
"""
SYSTEMD_BOOT = """\
15 ESP             10240  1048576
 1 ROOT_AMD64    1058816  1036288
"""
RISCV64 = ARM64.replace("ROOT_ARM64", "LINUX     ")


def shown(table: Layout) -> str:
    return "".join(
        f"{part.number:2} {part.type.name:12} {part.start:8} {part.sectors:8}\n"
        for part in table.partitions
    )


@pytest.mark.parametrize(
    ("arch", "boot_size", "table"),
    [
        ("amd64", 0, AMD64),
        ("arm64", 0, ARM64),
        ("riscv64", 0, RISCV64),
        ("amd64", 256 * MIB, WITH_BOOT),
    ],
)
def test_a_disk_of_one_gibibyte(tmp_path: Path, arch: str, boot_size: int, table: str) -> None:
    context = made_context(tmp_path, ARCH=arch)
    assert shown(layout.lay_out(context, size=GIB, boot_size=boot_size)) == table


def test_with_systemd_boot_the_esp_has_room_for_kernels(tmp_path: Path) -> None:
    context = made_context(tmp_path, BOOTLOADER="systemd-boot")
    assert shown(layout.lay_out(context, size=GIB)) == SYSTEMD_BOOT


def test_ids_are_those_of_the_build(tmp_path: Path) -> None:
    one = layout.lay_out(made_context(tmp_path), size=GIB)
    assert one == layout.lay_out(made_context(tmp_path), size=GIB)
    other = layout.lay_out(made_context(tmp_path, LIVECD_SEED="other"), size=GIB)
    ids = [one.guid, other.guid, *(part.guid for part in (*one.partitions, *other.partitions))]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("boot_size", [0, 256 * MIB])
@pytest.mark.parametrize("root_size", [1, 64 * MIB, 64 * MIB + 1, 3 * GIB])
def test_a_disk_for_a_root_has_room_for_it_and_no_more(
    tmp_path: Path, root_size: int, boot_size: int
) -> None:
    context = made_context(tmp_path)
    size = layout.disk_size(context, root_size=root_size, boot_size=boot_size)
    table = layout.lay_out(context, size=size, boot_size=boot_size)
    assert 0 <= table[layout.ROOT].size - root_size < MIB
    assert 0 <= table.size - table[layout.ROOT].offset - table[layout.ROOT].size <= MIB
