"""What ``livecd-rootfs boot`` says at its end."""

from __future__ import annotations

import gzip
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.boot.request import Accelerator, Firmware, Proof, Request, Result, Until
from livecd_rootfs.commands import boot
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.progress.guest import GuestLine
from livecd_rootfs.tools import Mode, Toolbox
from tests.progress.screen import Screen

REQUEST = Request(image=Path("out/livecd.debian-cpc.img"))
RESULT = Result(
    until=Until.LOGIN,
    proof=Proof.MARKER,
    seconds=26.0,
    accelerator=Accelerator.KVM,
    accelerator_reason="it ran a test guest",
    firmware=Firmware.BIOS,
    emulator="QEMU 10.0.13 of the tools root",
    kernel=None,
    secure_boot=None,
    log=None,
    screenshot=None,
)


def test_a_short_summary() -> None:
    assert boot.summary(REQUEST, RESULT) == (
        "livecd.debian-cpc.img booted: login reached after 26.0 s\n"
        "  proof:    the guest showed a secret of this boot\n"
        "  firmware: bios\n"
        "  emulator: QEMU 10.0.13 of the tools root, kvm\n"
    )


def test_a_full_summary() -> None:
    result = replace(
        RESULT,
        firmware=Firmware.UEFI_SECURE,
        kernel="6.12.117+deb13-cloud-amd64",
        secure_boot=True,
        log=Path("boot.log"),
        screenshot=Path("screen.png"),
    )
    seen = ("Debian GNU/Linux 13 boot-3b5cbb69 ttyS0", "boot-3b5cbb69 login:")
    assert boot.summary(REQUEST, result, seen) == (
        "  | Debian GNU/Linux 13 boot-3b5cbb69 ttyS0\n"
        "  | boot-3b5cbb69 login:\n"
        "livecd.debian-cpc.img booted: login reached after 26.0 s\n"
        "  proof:    the guest showed a secret of this boot\n"
        "  firmware: uefi-secure, Secure Boot on\n"
        "  emulator: QEMU 10.0.13 of the tools root, kvm\n"
        "  kernel:   6.12.117+deb13-cloud-amd64\n"
        "  screen:   screen.png\n"
        "  console:  boot.log\n"
    )


def test_who_wants_no_screenshot_needs_no_place_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # as a user finds / to be
    request = replace(REQUEST, image=tmp_path / "none.img")
    place = boot.Place(mode=Mode.HOST, cache=tmp_path, environ={})
    with pytest.raises(LivecdError) as failure:
        boot.until(request, place, show_console=False)
    assert failure.value.message != "the screenshot can't be written"


@pytest.mark.parametrize("folder", ["none", "file"])
def test_a_screenshot_that_has_no_place_is_told_before_the_boot(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file").touch()
    request = replace(REQUEST, screenshot=tmp_path / folder / "screen.png")
    place = boot.Place(mode=Mode.HOST, cache=tmp_path, environ={})
    with pytest.raises(LivecdError) as failure:
        boot.until(request, place, show_console=False)
    assert failure.value.place == str(tmp_path / folder)


def test_what_is_packed_is_booted_from_a_copy_that_goes(tmp_path: Path) -> None:
    packed = tmp_path / "disk.gz"
    packed.write_bytes(gzip.compress(b"disk"))
    with boot.unpacked(replace(REQUEST, image=packed), Toolbox()) as request:
        assert request.image == packed
        assert request.disk.read_bytes() == b"disk"
    assert not request.disk.exists()


def test_what_is_no_archive_is_booted_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(b"disk")
    for name in ("disk", "none"):
        asked = replace(REQUEST, image=tmp_path / name)
        with boot.unpacked(asked, Toolbox()) as request:
            assert request == asked


def test_an_archive_without_a_disk(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "root.tar", "w") as made:
        made.add(__file__, "file")
    asked = replace(REQUEST, image=tmp_path / "root.tar")
    with (
        pytest.raises(LivecdError, match=r"root\.tar can't be booted") as failure,
        boot.unpacked(asked, Toolbox()),
    ):
        pass
    assert failure.value.why == "it is a tar file without a disk in it"


@pytest.mark.parametrize("secure", [True, False])
def test_secure_boot_is_told_where_the_kernel_told_it(*, secure: bool) -> None:
    said = boot.summary(REQUEST, replace(RESULT, secure_boot=secure))
    assert f"bios, Secure Boot {'on' if secure else 'off'}\n" in said


def test_the_guests_line_ends_where_its_shell_begins() -> None:
    stream = Screen()
    guest = GuestLine(stream)
    tell = boot._until_login(guest)
    tell("QEMU 10")
    guest(b"Booting\n")
    tell("logged in")
    guest(b"more\n")
    assert stream.getvalue().endswith("Booting\x1b[K\r\x1b[Klogged in\n")
