"""What an image is, by qemu-img, and which files are none."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.boot import image
from livecd_rootfs.boot.image import Image
from livecd_rootfs.boot.request import Firmware, Request
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.tools import Toolbox

needs_qemu_img = pytest.mark.tools("qemu-img")
MIB = 1 << 20


@needs_qemu_img
@pytest.mark.parametrize("form", ["qcow2", "vmdk", "vpc", "vdi"])
def test_the_format_and_the_size_of_the_disk(tmp_path: Path, form: str) -> None:
    path = tmp_path / "disk.img"
    subprocess.run(("qemu-img", "create", "-q", "-f", form, path, "16M"), check=True)
    found = image.inspect(path, Toolbox())
    assert (found.path, found.format) == (path, form)
    assert abs(found.size - 16 * MIB) < MIB, "a VHD's size is that of its geometry"


@needs_qemu_img
def test_a_raw_disk_is_known_by_its_boot_sector(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes((b"\0" * 510 + b"\x55\xaa").ljust(MIB, b"\0"))
    assert image.inspect(path, Toolbox()) == Image(path=path, format="raw", size=MIB)


def text_file(path: Path) -> None:
    path.write_text("no image")


def compressed(path: Path) -> None:
    path.write_bytes(gzip.compress(b"\0" * MIB))


def cut_off(path: Path) -> None:
    subprocess.run(("qemu-img", "create", "-q", "-f", "qcow2", path, "16M"), check=True)
    path.write_bytes(path.read_bytes()[:60])


def of_another_program(path: Path) -> None:
    subprocess.run(("qemu-img", "create", "-q", "-f", "parallels", path, "16M"), check=True)


def over_the_network(path: Path) -> None:
    create = ("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw")
    subprocess.run((*create, "-b", "nbd://127.0.0.1:1/x", path, "16M"), check=True)


def encrypted(path: Path) -> None:
    secret = ("--object", "secret,id=s,data=x")
    # Not LUKS, for which QEMU measures the processor, and gives up on a busy one.
    how = "encrypt.format=aes,encrypt.key-secret=s"
    create = ("qemu-img", "create", "-q", "-f", "qcow2", *secret, "-o", how)
    subprocess.run((*create, path, "16M"), check=True)


NO_IMAGES = {
    "an image over one in the network": (over_the_network, "can't be booted", "nbd://127.0.0.1"),
    "an encrypted image": (encrypted, "is encrypted", ""),
    "a text": (text_file, "is no disk image", "no boot sector"),
    "a compressed image": (compressed, "is no disk image", "no boot sector"),
    "an image that was cut off": (cut_off, "is no disk image", ""),
    "an image of another program": (of_another_program, "is a parallels image", ""),
}


@needs_qemu_img
@pytest.mark.parametrize(("make", "message", "why"), NO_IMAGES.values(), ids=NO_IMAGES)
def test_what_is_no_image(
    tmp_path: Path, make: Callable[[Path], None], message: str, why: str
) -> None:
    path = tmp_path / "thing"
    make(path)
    with pytest.raises(LivecdError, match=message) as failure:
        image.inspect(path, Toolbox())
    assert why in (failure.value.why or "")


@needs_qemu_img
def test_it_is_called_what_the_user_calls_it(tmp_path: Path) -> None:
    text_file(tmp_path / "0.unpacked")
    with pytest.raises(LivecdError, match=r"^my disk\.gz is no disk image") as failure:
        image.inspect(tmp_path / "0.unpacked", Toolbox(), Path("my disk.gz"))
    assert failure.value.remedy == "`livecd-rootfs inspect 'my disk.gz'` tells what it is"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/", "it is a directory"),
        ("/dev/null", "it is no plain file"),
        ("/dev/null/x", "there is no such file"),
    ],
)
def test_what_is_no_file_is_none(name: str, why: str) -> None:
    with pytest.raises(LivecdError, match="can't be booted") as failure:
        image.inspect(Path(name), Toolbox())
    assert failure.value.why == why


def test_the_overlay_s_command() -> None:
    disk = Image(path=Path("/a/disk.img"), format="raw", size=MIB)
    expected = "qemu-img create -q -f qcow2 -F raw -b /a/disk.img /b/disk.qcow2"
    assert " ".join(image.overlay_command(disk, Path("/b/disk.qcow2"), None)) == expected
    bigger = image.overlay_command(disk, Path("/b/disk.qcow2"), 4 * MIB)
    assert " ".join(bigger) == f"{expected} 4194304"
    with pytest.raises(UsageError, match=r"a disk of 4\.0 KiB has no room for disk"):
        image.overlay_command(disk, Path("/b/disk.qcow2"), 4096)


@pytest.mark.tools("qemu-img", "qemu-io")
@pytest.mark.parametrize(
    ("code", "architecture", "asked", "firmware"),
    [
        (b"\xeb\x63\x90", "amd64", Firmware.AUTO, Firmware.BIOS),
        (b"", "amd64", Firmware.AUTO, Firmware.UEFI),
        (b"", "amd64", Firmware.BIOS, Firmware.BIOS),
        (b"\xeb\x63\x90", "arm64", Firmware.AUTO, Firmware.UEFI),
    ],
)
@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_the_firmware_is_one_that_can_start_the_disk(
    tmp_path: Path,
    *,
    form: str,
    code: bytes,
    architecture: str,
    asked: Firmware,
    firmware: Firmware,
) -> None:
    raw, path = tmp_path / "disk.raw", tmp_path / "disk.img"
    raw.write_bytes((code.ljust(446, b"\0") + b"p" * 64 + b"\x55\xaa").ljust(MIB, b"\0"))
    subprocess.run(("qemu-img", "convert", "-f", "raw", "-O", form, raw, path), check=True)
    request = Request(image=path, architecture=architecture, firmware=asked)
    assert image.with_firmware(request, Toolbox()).firmware is firmware
