"""What a boot is asked for and what it gave."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from livecd_rootfs.errors import LivecdError


class Until(Enum):
    """How far the guest must come."""

    LOGIN = "login"
    SSH = "ssh"
    CLOUD_INIT = "cloud-init"


class Firmware(Enum):
    """What starts the boot loader; ``auto`` is the BIOS where the disk has code for one."""

    AUTO = "auto"
    BIOS = "bios"
    UEFI = "uefi"
    UEFI_SECURE = "uefi-secure"


class Accelerator(Enum):
    """What runs the guest's instructions: the processor, or QEMU's emulation of one."""

    AUTO = "auto"
    KVM = "kvm"
    TCG = "tcg"


class Proof(Enum):
    """What shows that the guest came so far; the value says it in words."""

    MARKER = "the guest showed a secret of this boot"
    PROMPT = "a login prompt, but no secret of this boot: it runs neither cloud-init nor systemd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A boot to be done.

    Attributes:
        image: what the user named; it is never written to.
        until: how far.
        firmware: how it is started.
        architecture: of the image, in the distribution's words.
        accelerator: ``auto`` finds out whether KVM runs guests here.
        memory: MiB.
        cpus: virtual processors.
        timeout: seconds for the whole boot.
        disk_size: bytes of the disk that the guest sees; ``None`` is the image's own.
        network: whether the guest reaches anything but this program.
        screenshot: where a PNG of its screen goes, when it has come so far.
        log: where all that its console prints goes.
        cache: where it is remembered whether KVM works; ``None`` forgets.
        unpacked: the disk in the image, where that is compressed or an archive; else ``None``.
    """

    image: Path
    until: Until = Until.LOGIN
    firmware: Firmware = Firmware.BIOS
    architecture: str = "amd64"
    accelerator: Accelerator = Accelerator.AUTO
    memory: int = 1024
    cpus: int = min(2, os.cpu_count() or 1)
    timeout: float = 600.0
    disk_size: int | None = None
    network: bool = False
    screenshot: Path | None = None
    log: Path | None = None
    cache: Path | None = None
    unpacked: Path | None = None

    @property
    def disk(self) -> Path:
        """The disk image, which qemu-img knows."""
        return self.unpacked or self.image


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A boot that came as far as it was asked to.

    Attributes:
        until: how far it came.
        proof: what shows it.
        seconds: from the start of the virtual machine on.
        accelerator: KVM or TCG.
        accelerator_reason: why that one.
        firmware: how it was started.
        emulator: QEMU's version and where it is from.
        kernel: the version that the guest's kernel printed.
        secure_boot: what the guest's kernel said of it; ``None`` if it said nothing.
        log: the console's log.
        screenshot: the picture.
        user: the one by which ssh got in; ``None`` without ssh.
    """

    until: Until
    proof: Proof
    seconds: float
    accelerator: Accelerator
    accelerator_reason: str
    firmware: Firmware
    emulator: str
    kernel: str | None
    secure_boot: bool | None
    log: Path | None
    screenshot: Path | None
    user: str | None = None


class BootFailed(LivecdError):
    """The guest did not come as far as it was asked to."""
