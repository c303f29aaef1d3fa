"""Firmware comes from where the emulator is from, and its variables are a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.boot import firmware
from livecd_rootfs.boot.firmware import FILES, Flash
from livecd_rootfs.boot.request import Firmware
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.tools import Mode, Toolbox

EMULATORS = {"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    """A tools root with emulators and all firmware."""
    root = tmp_path / "root"
    for name in (*EMULATORS.values(),):
        file(root / "usr/bin" / name, "")
    for files in FILES.values():
        file(root / files.code.lstrip("/"), "code")
        file(root / files.variables.lstrip("/"), f"from {files.variables}")
    return Toolbox(mode=Mode.ROOT, root=root)


def file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(("architecture", "kind"), FILES, ids=lambda x: str(getattr(x, "value", x)))
def test_the_code_is_read_in_place_and_the_variables_are_copied(
    toolbox: Toolbox, tmp_path: Path, architecture: str, kind: Firmware
) -> None:
    emulator = EMULATORS[architecture]
    flash = firmware.prepare(kind, architecture, emulator, toolbox, tmp_path)
    files = FILES[architecture, kind]
    assert flash == Flash(
        code=Path(files.code),
        variables=tmp_path / "variables.fd",
        protected=(architecture, kind) == ("amd64", Firmware.UEFI_SECURE),
    )
    assert (tmp_path / "variables.fd").read_text() == f"from {files.variables}"


def test_a_bios_needs_no_files(toolbox: Toolbox, tmp_path: Path) -> None:
    emulator = EMULATORS["amd64"]
    assert firmware.prepare(Firmware.BIOS, "amd64", emulator, toolbox, tmp_path) is None


def test_arm64_has_no_bios(toolbox: Toolbox, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="arm64 has no BIOS") as failure:
        firmware.prepare(Firmware.BIOS, "arm64", EMULATORS["arm64"], toolbox, tmp_path)
    assert failure.value.remedy == "--firmware uefi"


def test_missing_firmware_names_its_package(toolbox: Toolbox, tmp_path: Path) -> None:
    code = FILES["amd64", Firmware.UEFI].code
    (tmp_path / "root" / code.lstrip("/")).unlink()
    with pytest.raises(LivecdError, match="the UEFI firmware is not installed") as failure:
        firmware.prepare(Firmware.UEFI, "amd64", EMULATORS["amd64"], toolbox, tmp_path)
    assert failure.value.place == code
    assert failure.value.remedy == "apt-get install ovmf, or choose `--tools root`"
