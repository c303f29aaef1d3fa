"""GRUB's two parts, byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import bios, bootable, layout
from livecd_rootfs.steps.bios import Bios
from livecd_rootfs.steps.imagesize import GIB, MIB
from tests.steps.builds import made_context


def test_boot_code_is_told_where_the_core_is() -> None:
    image = bytes(range(256)) * 2
    code = bios.boot_code(image, core_sector=2048)
    changed = {at for at in range(440) if code[at] != image[at]}
    assert len(code) == 440
    assert changed <= {*range(0x5C, 0x64), 0x66, 0x67}
    assert struct.unpack_from("<Q", code, 0x5C) == (2048,)
    assert code[0x66:0x68] == b"\x90\x90"


@pytest.mark.parametrize(("length", "sectors"), [(512, 1), (513, 2), (30000, 59)])
def test_the_core_is_told_where_its_rest_is(length: int, sectors: int) -> None:
    core = b"\x11" * length
    placed = bios.placed_core(core, sector=2048)
    assert len(placed) == sectors * 512
    assert struct.unpack_from("<QHH", placed, 0x1F4) == (2049, sectors - 1, 0x1111)
    assert placed[:0x1F4] == core[:0x1F4]


@pytest.mark.parametrize(
    ("separate", "prefix"), [(False, "(,gpt1)/boot/grub"), (True, "(,gpt13)/grub")]
)
def test_core_argv(tmp_path: Path, prefix: str, *, separate: bool) -> None:
    place = bootable.where(made_context(tmp_path), separate=separate)
    assert bios.core_argv(place, "/core.img") == [
        "grub-mkimage",
        *("-O", "i386-pc", "-d", "/usr/lib/grub/i386-pc", "-p", prefix, "-o", "/core.img"),
        *("biosdisk", "part_gpt", "ext2"),
    ]


def test_a_core_that_is_too_large(tmp_path: Path) -> None:
    partition = layout.lay_out(made_context(tmp_path), size=GIB)[layout.BIOS_BOOT]
    large = Bios(boot=bytes(512), core=bytes(4 * MIB + 1))
    with pytest.raises(LivecdError, match="does not fit its partition"):
        bios.write(tmp_path / "disk", large, partition)
