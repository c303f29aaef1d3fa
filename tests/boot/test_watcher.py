"""Recorded consoles and what the watcher makes of them, whatever pieces they arrive in."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.boot.watcher import (
    Event,
    Failure,
    FailureKind,
    KernelStarted,
    Marker,
    Prompt,
    SecureBoot,
    Watcher,
    plain,
)

LOGS = Path(__file__).parent / "logs"
KERNEL = KernelStarted(version="6.12.117+deb13-cloud-amd64")


def failure(kind: FailureKind, line: str) -> Failure:
    return Failure(kind=kind, line=line)


EVENTS: dict[str, tuple[Event, ...]] = {
    "login-secure-boot": (
        KERNEL,
        SecureBoot(enabled=True),
        Marker(name="cloud-init", value="6c307c82d59b0d14"),
        Marker(name="cloud-init", value="6c307c82d59b0d14"),
        Marker(name="issue", value="edcd46ee"),
        Marker(name="issue", value="edcd46ee"),
        Prompt(hostname="boot-edcd46ee"),
    ),
    "cloud-init": (KERNEL, Marker(name="cloud-init", value="782ecbd4072037b8")),
    "panic": (
        KERNEL,
        failure(
            FailureKind.PANIC,
            "[    4.073656] Kernel panic - not syncing: "
            "Attempted to kill init! exitcode=0x00000100",
        ),
        failure(
            FailureKind.PANIC,
            "[    4.088318] ---[ end Kernel panic - not syncing: "
            "Attempted to kill init! exitcode=0x00000100 ]---",
        ),
    ),
    "emergency": (
        KERNEL,
        failure(
            FailureKind.EMERGENCY,
            'You are in emergency mode. After logging in, type "journalctl -xb" to view',
        ),
    ),
    "initramfs": (
        KERNEL,
        failure(
            FailureKind.INITRAMFS, "ALERT!  LABEL=nothing does not exist.  Dropping to a shell!"
        ),
        failure(FailureKind.INITRAMFS, "(initramfs)"),
    ),
    "grub-prompt": (failure(FailureKind.GRUB, "grub>"),),
    "no-boot-device-bios": (failure(FailureKind.NO_BOOT_DEVICE, "No bootable device."),),
    "no-boot-device-uefi": (failure(FailureKind.FIRMWARE_SHELL, "UEFI Interactive Shell v2.2"),),
    "secure-boot-refused": (
        failure(
            FailureKind.REFUSED,
            'BdsDxe: failed to load Boot0001 "UEFI Misc Device" '
            "from PciRoot(0x0)/Pci(0x2,0x0): Access Denied",
        ),
        failure(FailureKind.NO_BOOT_DEVICE, "BdsDxe: No bootable option or device was found."),
    ),
}


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize("name", EVENTS)
def test_events_of_a_recorded_console(name: str, size: int) -> None:
    assert events((LOGS / f"{name}.log").read_bytes(), size) == EVENTS[name]


def test_every_recorded_console_is_tested() -> None:
    assert {log.stem for log in LOGS.glob("*.log")} == set(EVENTS)


def events(console: bytes, size: int) -> tuple[Event, ...]:
    watcher = Watcher()
    pieces = [console[start : start + size] for start in range(0, len(console), size)]
    return tuple(event for piece in pieces for event in watcher.feed(piece))


LINES: dict[bytes, tuple[Event, ...]] = {
    b"host login: ": (Prompt(hostname="host"),),
    b"host login: [   25.314255] kvm_amd: Nested Paging enabled\r\n": (Prompt(hostname="host"),),
    b"host login: root (automatic login)\r\n": (Prompt(hostname="host"),),
    b"Last login: Sat Nov 21 23:06:00 2026 on ttyS0\r\n": (),
    b"Type your login: name\r\n": (),
    b"error: no such device: cloudimg-rootfs.\r\nEntering rescue mode...\r\ngrub rescue> ": (
        failure(FailureKind.GRUB, "grub rescue>"),
    ),
    b"[  9.1] reboot: Power down\r\n": (
        failure(FailureKind.POWERED_OFF, "[  9.1] reboot: Power down"),
    ),
    b"[  9.1] reboot: Restarting system\r\n": (),
    b"[  0.0] secureboot: Secure boot disabled\r\n": (SecureBoot(enabled=False),),
    b"[  0.0] Command line: root=LABEL=x panic=5\r\n": (),
    b"livecd-boot:issue:zz\r\n": (),
    b"BdsDxe: failed to load Boot0001 from Pci(0x2,0x0): Not Found\r\n": (),
    b"": (),
}


@pytest.mark.parametrize(("console", "expected"), LINES.items())
def test_events_of_a_few_bytes(console: bytes, expected: tuple[Event, ...]) -> None:
    assert events(console, 4096) == expected


def test_a_prompt_counts_once_however_slowly_it_comes() -> None:
    watcher = Watcher()
    assert [watcher.feed(piece) for piece in (b"host log", b"in: ", b"r", b"oot\r\n")] == [
        (),
        (Prompt(hostname="host"),),
        (),
        (),
    ]


def test_control_sequences_and_broken_text_are_no_part_of_a_line() -> None:
    assert plain("\x1b[0;32m  OK  \x1b[0m\x1b]104\x07 \x1bcdone\x1b[?7h  ") == "  OK   done"
    watcher = Watcher()
    watcher.feed(b"caf\xc3")
    watcher.feed(b"\xa9 \xff\n")
    assert watcher.last_lines() == ("café �",)


def test_the_last_lines_are_the_newest_and_the_unfinished_one() -> None:
    watcher = Watcher()
    watcher.feed(b"".join(b"line %d\r\n\r\n" % number for number in range(100)) + b"and")
    assert watcher.last_lines() == (*(f"line {number}" for number in range(85, 100)), "and")


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    watcher = Watcher()
    for _ in range(100):
        watcher.feed(b"x" * 4096)
    assert len(watcher.last_lines()[0]) == 65536
