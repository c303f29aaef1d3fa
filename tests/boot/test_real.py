"""The real emulator: a guest of one sector, and disks on which there is nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.boot import check
from livecd_rootfs.boot.request import Accelerator, BootFailed, Firmware, Proof, Request
from livecd_rootfs.tools import Toolbox

pytestmark = [pytest.mark.boot, pytest.mark.root]

# 16-bit code that writes the text at 0x7c40 to the first serial port, and stops. It turns
# interrupts off first: in one of them SeaBIOS writes what it has yet to say to the same port.
TALKER = bytes.fromhex("fa 31c0 8ed8 fc be407c ac 84c0 7406 baf803 ee ebf5 f4 ebfd")
PNG = b"\x89PNG\r\n\x1a\n"


def disk(path: Path, text: bytes) -> Path:
    """A disk that boots and says a text; without one it is of the kind that does not boot."""
    code = TALKER.ljust(0x40, b"\0") + text if text else b"\xcd\x18"
    path.write_bytes((code.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0"))
    return path


def request(path: Path) -> Request:
    return Request(image=path, accelerator=Accelerator.TCG, timeout=60.0)


def test_a_guest_of_one_sector(real_toolbox: Toolbox, tmp_path: Path) -> None:
    image = disk(tmp_path / "disk.img", b"Linux version 0.1 (test)\r\n\r\nhost login: ")
    before = (image.read_bytes(), image.stat().st_mtime_ns)
    asked = replace(
        request(image), screenshot=tmp_path / "screen.png", log=tmp_path / "console.log"
    )
    result = check.boot_image(asked, real_toolbox, progress=lambda _: None)
    said = (tmp_path / "console.log").read_bytes()
    assert (result.proof, result.kernel) == (Proof.PROMPT, "0.1"), said
    assert result.seconds < 60
    assert (tmp_path / "screen.png").read_bytes().startswith(PNG)
    assert b"host login:" in (tmp_path / "console.log").read_bytes()
    assert (image.read_bytes(), image.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("firmware", "message"),
    [
        (Firmware.BIOS, "the firmware found nothing to boot on the disk"),
        (Firmware.UEFI, "the firmware found nothing to boot and opened its shell"),
        (Firmware.UEFI_SECURE, "the firmware found nothing to boot on the disk"),
    ],
    ids=lambda x: str(getattr(x, "value", "")),
)
def test_a_disk_with_nothing_on_it(
    real_toolbox: Toolbox, tmp_path: Path, firmware: Firmware, message: str
) -> None:
    asked = replace(request(disk(tmp_path / "disk.img", b"")), firmware=firmware)
    with pytest.raises(BootFailed, match=message):
        check.boot_image(asked, real_toolbox, progress=lambda _: None)
