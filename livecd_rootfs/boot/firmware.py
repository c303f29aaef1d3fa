"""Firmware files for a virtual machine: where they are, and the copy that a boot may write to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.boot.request import Firmware
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.tools import Toolbox, tool_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Names of the code and of the variables, and the package that has them."""

    package: str
    code: str
    variables: str


# Of the packages ovmf and qemu-efi-aarch64; *.ms.fd has Microsoft's keys enrolled,
# which is what distributions sign their shim for.
_X86 = "/usr/share/OVMF"
_ARM = "/usr/share/AAVMF"
FILES = {
    ("amd64", Firmware.UEFI): Files(
        package="ovmf", code=f"{_X86}/OVMF_CODE_4M.fd", variables=f"{_X86}/OVMF_VARS_4M.fd"
    ),
    ("amd64", Firmware.UEFI_SECURE): Files(
        package="ovmf",
        code=f"{_X86}/OVMF_CODE_4M.secboot.fd",
        variables=f"{_X86}/OVMF_VARS_4M.ms.fd",
    ),
    ("arm64", Firmware.UEFI): Files(
        package="qemu-efi-aarch64",
        code=f"{_ARM}/AAVMF_CODE.no-secboot.fd",
        variables=f"{_ARM}/AAVMF_VARS.fd",
    ),
    ("arm64", Firmware.UEFI_SECURE): Files(
        package="qemu-efi-aarch64",
        code=f"{_ARM}/AAVMF_CODE.ms.fd",
        variables=f"{_ARM}/AAVMF_VARS.ms.fd",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """The two flash chips of a machine.

    Attributes:
        code: read-only, by the name that the emulator sees.
        variables: writable, of this boot alone.
        protected: whether system management mode alone may change the variables, as
            the Secure Boot builds for amd64 expect; arm64 has no such mode.
    """

    code: Path
    variables: Path
    protected: bool


def prepare(
    firmware: Firmware, architecture: str, emulator: str, toolbox: Toolbox, directory: Path
) -> Flash | None:
    """The flash for a boot; ``None`` for a BIOS, which the emulator brings along.

    Args:
        firmware: what was asked for.
        architecture: of the image.
        emulator: the tool that will read the files.
        toolbox: where that is from.
        directory: where the copy of the variables goes.

    Raises:
        UsageError: such a machine has no such firmware.
        LivecdError: the firmware is not installed.
    """
    if firmware is Firmware.BIOS:
        if architecture != "amd64":
            raise UsageError(f"{architecture} has no BIOS", remedy="--firmware uefi")
        return None
    files = FILES[architecture, firmware]
    _, variables = _file(toolbox, emulator, files.variables, files.package)
    code, _ = _file(toolbox, emulator, files.code, files.package)
    copy = directory / "variables.fd"
    shutil.copyfile(variables, copy)
    protected = firmware is Firmware.UEFI_SECURE and architecture == "amd64"
    return Flash(code=code, variables=copy, protected=protected)


def _file(toolbox: Toolbox, emulator: str, path: str, package: str) -> tuple[Path, Path]:
    found = toolbox.file(emulator, path)
    if found is None:
        raise LivecdError(
            "the UEFI firmware is not installed",
            place=path,
            why=f"it belongs beside {tool_named(emulator).package}, which was found",
            remedy=f"apt-get install {package}, or choose `--tools root`",
        )
    return found
