"""Whether KVM really runs guests on this machine, found out by trying, and remembered until it reboots.

CACHE/kvm.json      {"boot": boot id, "emulator": version, "works": bool, "reason": text}
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from livecd_rootfs import cachefile
from livecd_rootfs.boot import probe
from livecd_rootfs.boot.request import Accelerator
from livecd_rootfs.errors import UsageError
from livecd_rootfs.running import end, is_over
from livecd_rootfs.tools import Toolbox

DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether KVM works here, and how that is known."""

    works: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The accelerator for a boot, and why that one."""

    accelerator: Accelerator
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Where verdicts are kept.

    Attributes:
        cache: the directory; ``None`` keeps nothing.
        boot: the id of this run of the machine: a verdict ends with it.
        emulator: QEMU's version, for a verdict is about it, too.
    """

    cache: Path | None
    boot: str
    emulator: str

    @property
    def _file(self) -> Path | None:
        return None if self.cache is None else self.cache / "kvm.json"

    def recall(self) -> Verdict | None:
        """The verdict of an earlier run, if it still holds."""
        if self._file is None:
            return None
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            same = (kept["boot"], kept["emulator"]) == (self.boot, self.emulator)
            return Verdict(works=kept["works"], reason=kept["reason"]) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, verdict: Verdict) -> None:
        """Remember a verdict; a cache that can't be written only costs the next run's time."""
        if self._file is None:
            return
        kept = {"boot": self.boot, "emulator": self.emulator, **asdict(verdict)}
        cachefile.keep(self._file, json.dumps(kept) + "\n")


def boot_id() -> str:
    """The id that the kernel gave to this run of the machine (random(4))."""
    return BOOT_ID.read_text(encoding="ascii").strip()


def choose(
    wanted: Accelerator,
    *,
    guest: str,
    host: str,
    emulator: str,
    toolbox: Toolbox,
    memory: Memory,
) -> Choice:
    """The accelerator for a boot.

    Args:
        wanted: what was asked for; ``AUTO`` takes KVM if it runs guests.
        guest: architecture of the image.
        host: that of this machine.
        emulator: the tool that will run.
        toolbox: where that is from.
        memory: verdicts of earlier runs.

    Raises:
        UsageError: KVM was asked for, and can't be had at all.
    """
    if wanted is Accelerator.TCG:
        return Choice(accelerator=wanted, reason="it was asked for")
    obstacle = _obstacle(guest, host, DEVICE)
    if wanted is Accelerator.KVM:
        if obstacle is not None:
            raise UsageError("KVM can't be used", why=obstacle, remedy="--accelerator auto")
        return Choice(accelerator=wanted, reason="it was asked for")
    if obstacle is not None:
        return Choice(accelerator=Accelerator.TCG, reason=obstacle)
    verdict = memory.recall()
    if verdict is None:
        verdict = _try(emulator, toolbox)
        memory.keep(verdict)
    accelerator = Accelerator.KVM if verdict.works else Accelerator.TCG
    return Choice(accelerator=accelerator, reason=verdict.reason)


def _obstacle(guest: str, host: str, device: Path) -> str | None:
    """What makes KVM impossible without trying."""
    if guest != host:
        return f"the image is for {guest}, this machine is {host}"
    if not device.exists():
        return f"there is no {device}"
    if not os.access(device, os.R_OK | os.W_OK):
        return f"this user may not open {device} (the group kvm may)"
    return None


def _try(emulator: str, toolbox: Toolbox) -> Verdict:
    """Run the probe under KVM; other machines than amd64 are judged by their first boot."""
    if emulator != "qemu-system-x86_64":
        return Verdict(works=True, reason=f"there is a {DEVICE}")
    with tempfile.TemporaryDirectory(prefix="livecd-kvm-") as name:
        status, errors = _patiently(Path(name), emulator, toolbox)
    if status == probe.EXIT_STATUS:
        return Verdict(works=True, reason="KVM ran a test guest")
    why = "it hung" if status is None else f"QEMU ended with status {status}"
    told = next((line for line in errors.splitlines() if "rror" in line), None)
    return Verdict(works=False, reason=f"KVM can't run a test guest here: {told or why}")


def _patiently(directory: Path, emulator: str, toolbox: Toolbox) -> tuple[int | None, str]:
    """The probe under KVM, tried again if it was the machine that had no time for it.

    How busy it is tells the emulated probe, which every machine runs, and none faster than KVM.
    """
    first = run_probe(directory, emulator, toolbox, "kvm", "host")
    if first[0] is not None:
        return first
    begun = time.monotonic()
    run_probe(directory, emulator, toolbox, "tcg", "max", seconds=probe.BUSY_SECONDS)
    emulated = time.monotonic() - begun
    if emulated < probe.SECONDS / 2:
        return first
    return run_probe(directory, emulator, toolbox, "kvm", "host", seconds=2 * emulated)


def run_probe(
    directory: Path,
    emulator: str,
    toolbox: Toolbox,
    accelerator: str,
    cpu: str,
    *,
    seconds: float | None = None,
) -> tuple[int | None, str]:
    """Boot the probe's sector; the exit status, ``None`` if it did not end, and what QEMU said.

    Args:
        directory: scratch.
        emulator: the tool that runs.
        toolbox: where that is from.
        accelerator: QEMU's name of it.
        cpu: QEMU's name of the processor.
        seconds: how long it may take; `probe.SECONDS` unless told.
    """
    sector = directory / "probe.img"
    sector.write_bytes(probe.sector())
    devices = (DEVICE,) if accelerator == "kvm" else ()
    with (directory / "errors").open("wb+") as errors, Path(os.devnull).open("rb") as nothing:
        streams = (nothing.fileno(), errors.fileno(), errors.fileno())
        command = probe_command(emulator, accelerator, cpu, sector)
        running = toolbox.start(command, streams=streams, cwd=directory, bind=devices)
        ended = is_over(running, probe.SECONDS if seconds is None else seconds)
        status = running.wait() if ended else end(running)
        errors.seek(0)
        return (status if ended else None), errors.read().decode(errors="replace")


def probe_command(emulator: str, accelerator: str, cpu: str, sector: Path) -> tuple[str, ...]:
    """QEMU's command line for the probe."""
    return (
        *(emulator, "-nodefaults", "-display", "none", "-no-reboot", "-m", "64"),
        *("-accel", accelerator, "-cpu", cpu),
        *("-device", f"isa-debug-exit,iobase={probe.DEBUG_PORT:#x},iosize=4"),
        *("-drive", f"file={sector},format=raw,if=floppy,readonly=on", "-boot", "a"),
    )
