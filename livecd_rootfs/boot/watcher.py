"""The watcher of a serial console: bytes in, events out.

It knows what firmware, GRUB, kernels, initramfs and systemd print when they
come up or give up, so that a boot that can't succeed ends at once instead of
at its time limit. It holds no clock and does no input or output.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from dataclasses import dataclass
from enum import Enum

MARKER_PREFIX = "livecd-boot"
TAIL_LINES = 15
_LONGEST_LINE = 1 << 16

# ECMA-48 control sequences, operating system commands, and the two-byte escapes;
# moving the cursor starts a line.
_MOVES = re.compile(r"\x1b\[\d*;?\d*[Hf]")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_c])")


class FailureKind(Enum):
    """Why a boot can't succeed; the value says it in words."""

    NO_BOOT_DEVICE = "the firmware found nothing to boot on the disk"
    REFUSED = "Secure Boot refused the boot loader or the kernel"
    FIRMWARE_SHELL = "the firmware found nothing to boot and opened its shell"
    GRUB = "GRUB stopped at its prompt: its files or its configuration were not found"
    PANIC = "the kernel panicked"
    INITRAMFS = "the initramfs did not find the root file system and opened a shell"
    EMERGENCY = "the system came up in emergency mode"
    POWERED_OFF = "the guest turned itself off"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelStarted:
    """A kernel printed its version."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureBoot:
    """The kernel told whether Secure Boot is enforced."""

    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The guest printed one of the texts that only it was given."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A login prompt."""

    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The boot can't succeed any more."""

    kind: FailureKind
    line: str


Event = KernelStarted | SecureBoot | Marker | Prompt | Failure

_LINES = (
    (FailureKind.PANIC, re.compile(r"Kernel panic - not syncing")),
    (FailureKind.PANIC, re.compile(r"KERNEL PANIC! Please reboot")),
    (FailureKind.EMERGENCY, re.compile(r"^You are in emergency mode")),
    (FailureKind.INITRAMFS, re.compile(r"Dropping to a shell!")),
    (FailureKind.NO_BOOT_DEVICE, re.compile(r"^No bootable device\.")),
    (FailureKind.REFUSED, re.compile(r"Security Violation|Verification failed: \(0x1A\)")),
    (FailureKind.REFUSED, re.compile(r"BdsDxe: failed to load .*Access Denied")),
    (FailureKind.REFUSED, re.compile(r"bad shim signature")),
    (FailureKind.NO_BOOT_DEVICE, re.compile(r"BdsDxe: No bootable option or device was found")),
    (FailureKind.FIRMWARE_SHELL, re.compile(r"^UEFI Interactive Shell")),
    (FailureKind.POWERED_OFF, re.compile(r"reboot: (?:Power down|System halted)")),
)
_PROMPTS = (
    (FailureKind.GRUB, re.compile(r"^grub(?: rescue)?> ?$")),
    (FailureKind.INITRAMFS, re.compile(r"^\(initramfs\) ?$")),
)
_KERNEL = re.compile(r"Linux version (\S+)")
_SECURE_BOOT = re.compile(r"[sS]ecure ?boot:? Secure boot (enabled|disabled)")
_MARKER = re.compile(rf"{MARKER_PREFIX}:([a-z-]+):([0-9a-f]+)")
# The kernel may print on the line of the prompt; "Last login:" greets who is in already.
_LOGIN = re.compile(r"^(?!Last )([\w.-]+) login: ?(?:$|\[ *\d+\.\d+\]|.*\(automatic login\))")


class Watcher:
    """Turns what a console prints into events.

    Attributes:
        tail: the last lines, without control sequences.
    """

    def __init__(self) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._prompted = False

    def feed(self, chunk: bytes) -> tuple[Event, ...]:
        """The events of the next bytes of the console."""
        text = self._rest + self._decoder.decode(chunk)
        *lines, self._rest = _MOVES.sub("\n", text.replace("\r", "")).split("\n")
        events = [event for line in lines for event in self._line(line)]
        self._rest = self._rest[-_LONGEST_LINE:]
        return (*events, *self._prompt(plain(self._rest)))

    def last_lines(self) -> tuple[str, ...]:
        """The end of the console, with a line that is not finished yet."""
        return (*self.tail, *filter(None, (plain(self._rest),)))

    def _line(self, raw: str) -> tuple[Event, ...]:
        line = plain(raw)
        if line:
            self.tail.append(line)
        prompt = self._prompt(line)
        self._prompted = False
        return (*prompt, *events_of(line))

    def _prompt(self, line: str) -> tuple[Event, ...]:
        """A prompt is not followed by a line's end, so it is looked for in the unfinished line."""
        event = None if self._prompted else prompt_in(line)
        self._prompted = self._prompted or event is not None
        return () if event is None else (event,)


def plain(line: str) -> str:
    """A line of a console without control sequences."""
    return _ESCAPES.sub("", line).rstrip()


def prompt_in(line: str) -> Event | None:
    """The prompt that an unfinished line is, if it is one."""
    for kind, pattern in _PROMPTS:
        if pattern.search(line):
            return Failure(kind=kind, line=line)
    login = _LOGIN.match(line)
    return Prompt(hostname=login.group(1)) if login else None


def events_of(line: str) -> tuple[Event, ...]:
    """The events of one whole line."""
    for kind, pattern in _LINES:
        if pattern.search(line):
            return (Failure(kind=kind, line=line),)
    events: list[Event] = []
    if found := _KERNEL.search(line):
        events.append(KernelStarted(version=found.group(1)))
    if found := _SECURE_BOOT.search(line):
        events.append(SecureBoot(enabled=found.group(1) == "enabled"))
    events += [Marker(name=m.group(1), value=m.group(2)) for m in _MARKER.finditer(line)]
    return tuple(events)
