"""QEMU's command line, whole, for machines of each kind."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.boot import command
from livecd_rootfs.boot.command import Machine
from livecd_rootfs.boot.firmware import Flash
from livecd_rootfs.boot.request import Accelerator
from livecd_rootfs.errors import UsageError

PC = Machine(
    architecture="amd64",
    accelerator=Accelerator.TCG,
    memory=1024,
    cpus=2,
    flash=None,
    disk=Path("/b/disk.qcow2"),
    seed=Path("/b/seed.img"),
    control=Path("/b/qmp"),
    credentials=(),
    network=False,
)
UEFI = Flash(code=Path("/fw/CODE.fd"), variables=Path("/b/variables.fd"), protected=False)


def lines(machine: Machine) -> list[str]:
    """The command with each option on a line of its own."""
    return " ".join(command.argv(machine)).replace(" -", "\n-").split("\n")


def test_a_pc_with_a_bios_on_an_emulated_processor() -> None:
    assert lines(PC) == [
        "qemu-system-x86_64",
        "-nodefaults",
        "-no-user-config",
        "-display none",
        "-machine q35,graphics=off",
        "-vga std",
        "-accel tcg,thread=multi",
        "-cpu max",
        "-smp 2",
        "-m 1024",
        "-drive if=none,id=disk,format=qcow2,cache=unsafe,file=/b/disk.qcow2",
        "-device virtio-blk-pci,drive=disk,bootindex=0",
        "-drive if=none,id=seed,format=raw,cache=unsafe,file=/b/seed.img",
        "-device virtio-blk-pci,drive=seed",
        "-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22",
        "-device virtio-net-pci,netdev=net,romfile=",
        "-device virtio-rng-pci",
        "-chardev stdio,id=console,signal=off",
        "-serial chardev:console",
        "-qmp unix:/b/qmp,server=on,wait=off",
    ]


def differences(machine: Machine) -> tuple[list[str], list[str]]:
    """What a machine's command has less, and more, than that of the plain PC."""
    plain, other = lines(PC), lines(machine)
    return [line for line in plain if line not in other], [x for x in other if x not in plain]


def test_kvm_is_the_host_s_own_processor() -> None:
    assert differences(replace(PC, accelerator=Accelerator.KVM)) == (
        ["-accel tcg,thread=multi", "-cpu max"],
        ["-accel kvm", "-cpu host"],
    )


def test_uefi_has_its_code_and_its_variables() -> None:
    assert differences(replace(PC, flash=UEFI)) == (
        [],
        [
            "-drive if=pflash,format=raw,unit=0,readonly=on,file=/fw/CODE.fd",
            "-drive if=pflash,format=raw,unit=1,file=/b/variables.fd",
        ],
    )


def test_secure_boot_keeps_the_system_from_the_variables() -> None:
    less, more = differences(replace(PC, flash=replace(UEFI, protected=True)))
    assert less == ["-machine q35,graphics=off"]
    assert more[:2] == [
        "-machine q35,graphics=off,smm=on",
        "-global driver=cfi.pflash01,property=secure,value=on",
    ]


def test_arm64_is_another_machine() -> None:
    less, more = differences(replace(PC, architecture="arm64", flash=UEFI))
    assert less == [
        "qemu-system-x86_64",
        "-machine q35,graphics=off",
        "-vga std",
        "-cpu max",
    ]
    assert more[:4] == [
        "qemu-system-aarch64",
        "-machine virt,gic-version=max",
        "-device virtio-gpu-pci",
        "-cpu max,pauth-impdef=on",
    ]


def test_a_network_is_opened_on_request() -> None:
    _, more = differences(replace(PC, network=True))
    assert more == ["-netdev user,id=net,hostfwd=tcp:127.0.0.1:0-:22"]


def test_credentials_keep_their_line_ends() -> None:
    _, (option,) = differences(replace(PC, credentials=(("tmpfiles.extra", "f /a\nf /b\n"),)))
    head, _, encoded = option.partition("tmpfiles.extra=")
    assert head == "-smbios type=11,value=io.systemd.credential.binary:"
    assert base64.b64decode(encoded) == b"f /a\nf /b\n"


def test_a_comma_in_a_path_is_doubled() -> None:
    _, more = differences(replace(PC, disk=Path("/b/a,b.qcow2")))
    assert more == ["-drive if=none,id=disk,format=qcow2,cache=unsafe,file=/b/a,,b.qcow2"]


def test_an_architecture_without_an_emulator() -> None:
    assert command.emulator_for("arm64") == "qemu-system-aarch64"
    with pytest.raises(UsageError, match="no machine is known for s390x") as failure:
        command.emulator_for("s390x")
    assert failure.value.remedy == "there are amd64 and arm64"
