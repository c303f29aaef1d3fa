"""QEMU's command line for a boot, as a function of values alone."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.boot.firmware import Flash
from livecd_rootfs.boot.request import Accelerator
from livecd_rootfs.errors import UsageError

EMULATORS = {"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A virtual machine.

    Attributes:
        architecture: in the distribution's words.
        accelerator: KVM or TCG.
        memory: MiB.
        cpus: virtual processors.
        flash: UEFI's, or ``None`` for a BIOS.
        disk: a qcow2 that it may write to.
        seed: a raw disk with cloud-init's seed.
        control: the socket for QMP.
        credentials: systemd credentials by name.
        network: whether it reaches more than this program.
    """

    architecture: str
    accelerator: Accelerator
    memory: int
    cpus: int
    flash: Flash | None
    disk: Path
    seed: Path
    control: Path
    credentials: tuple[tuple[str, str], ...]
    network: bool


def emulator_for(architecture: str) -> str:
    """The emulator of an architecture.

    Raises:
        UsageError: there is none that this program can use.
    """
    if architecture not in EMULATORS:
        known = " and ".join(EMULATORS)
        raise UsageError(f"no machine is known for {architecture}", remedy=f"there are {known}")
    return EMULATORS[architecture]


def argv(machine: Machine) -> tuple[str, ...]:
    """The command line.

    The serial console is QEMU's own input and output. The guest may restart
    (shim's fallback does, at a first boot); a panic shows on the console.
    """
    return (
        EMULATORS[machine.architecture],
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *_platform(machine),
        *("-smp", str(machine.cpus), "-m", str(machine.memory)),
        *_flash(machine.flash),
        *_drive("disk", "qcow2", machine.disk, bootable=True),
        *_drive("seed", "raw", machine.seed, bootable=False),
        *_network(outside=machine.network),
        *("-device", "virtio-rng-pci"),
        *("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
        *("-qmp", f"unix:{_value(machine.control)},server=on,wait=off"),
        *(word for name, text in machine.credentials for word in _credential(name, text)),
    )


def _platform(machine: Machine) -> tuple[str, ...]:
    """Machine, accelerator, processor and screen.

    TCG runs each virtual processor on a thread of its own. Its ``max`` has all
    that it can emulate; on arm64 the pointer authentication of the standard
    would take half of the time (QEMU documentation, "Arm CPU Features").
    """
    accelerated = machine.accelerator is Accelerator.KVM
    accelerator = "kvm" if accelerated else "tcg,thread=multi"
    if machine.architecture == "arm64":
        cpu = "host" if accelerated else "max,pauth-impdef=on"
        words = ("-machine", "virt,gic-version=max", "-device", "virtio-gpu-pci")
    else:
        cpu = "host" if accelerated else "max"
        smm = ",smm=on" if machine.flash and machine.flash.protected else ""
        words = ("-machine", f"q35,graphics=off{smm}", "-vga", "std")
    return (*words, "-accel", accelerator, "-cpu", cpu)


def _flash(flash: Flash | None) -> tuple[str, ...]:
    if flash is None:
        return ()
    protect = ("-global", "driver=cfi.pflash01,property=secure,value=on") if flash.protected else ()
    return (
        *protect,
        *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={_value(flash.code)}"),
        *("-drive", f"if=pflash,format=raw,unit=1,file={_value(flash.variables)}"),
    )


def _drive(name: str, form: str, path: Path, *, bootable: bool) -> tuple[str, ...]:
    """A disk; ``unsafe`` never waits for the host's disk, as nothing of this is kept."""
    order = ",bootindex=0" if bootable else ""
    return (
        *("-drive", f"if=none,id={name},format={form},cache=unsafe,file={_value(path)}"),
        *("-device", f"virtio-blk-pci,drive={name}{order}"),
    )


def _network(*, outside: bool) -> tuple[str, ...]:
    """A network of the guest alone; its ssh port is a free one of this host's loopback."""
    restrict = "" if outside else ",restrict=on"
    return (
        *("-netdev", f"user,id=net{restrict},hostfwd=tcp:127.0.0.1:0-:22"),
        *("-device", "virtio-net-pci,netdev=net,romfile="),
    )


def _credential(name: str, text: str) -> tuple[str, ...]:
    """An SMBIOS OEM string that systemd takes for a credential (systemd.exec, "Credentials")."""
    encoded = base64.b64encode(text.encode()).decode()
    return ("-smbios", f"type=11,value=io.systemd.credential.binary:{name}={encoded}")


def _value(path: Path) -> str:
    """A path as part of an option's value, in which QEMU reads a doubled comma as one."""
    return str(path).replace(",", ",,")
