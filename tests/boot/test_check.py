"""Whole boots with an emulator that plays a part: how they end, and what they leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

import pytest

from livecd_rootfs.boot import accelerator, check
from livecd_rootfs.boot.accelerator import Memory, Verdict
from livecd_rootfs.boot.request import Accelerator, BootFailed, Proof, Request, Result
from livecd_rootfs.errors import LivecdError
from tests.boot.conftest import Stage

UP = 'echo "Linux version 6.12.1 (builder)"; printf "boot-%s login: " "$nonce"; exec sleep 60'


def request(stage: Stage) -> Request:
    return Request(image=stage.image, timeout=20.0, cache=stage.folder / "cache")


def boot(stage: Stage, asked: Request | None = None) -> tuple[Result, list[str]]:
    said: list[str] = []
    result = check.boot_image(asked or request(stage), stage.toolbox, progress=said.append)
    return result, said


def test_a_guest_that_comes_up(stage: Stage) -> None:
    stage.play(UP)
    result, said = boot(stage)
    assert (result.proof, result.kernel, result.secure_boot) == (Proof.MARKER, "6.12.1", None)
    assert result.emulator == "QEMU 10.0.1 of the host"
    assert said == [f"QEMU 10.0.1 of the host, emulated processor (there is no {stage.device})"]
    assert result.seconds < 20


def test_the_image_is_only_below_an_overlay(stage: Stage) -> None:
    stage.play(UP)
    boot(stage, replace(request(stage), disk_size=4 << 30))
    overlay = (stage.folder / "play.overlay").read_text().split()
    assert overlay[:7] == ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"]
    assert overlay[7] == str(stage.image)
    assert overlay[8].endswith("/tcg/disk.qcow2")
    assert overlay[9] == str(4 << 30)
    assert stage.image.read_bytes() == b"image"


def test_a_prompt_without_the_secret_is_told_apart(stage: Stage) -> None:
    stage.play('printf "localhost login: "; exec sleep 60')
    assert boot(stage)[0].proof is Proof.PROMPT


def test_the_console_goes_to_the_log_and_to_the_caller(stage: Stage) -> None:
    stage.play(UP)
    seen = bytearray()
    log = stage.folder / "console.log"
    check.boot_image(
        replace(request(stage), log=log),
        stage.toolbox,
        progress=lambda _: None,
        on_console=seen.extend,
    )
    assert log.read_bytes() == bytes(seen)
    assert seen.startswith(b"Linux version 6.12.1 (builder)\nboot-")


FAILURES = {
    "a panic": (
        'echo "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root"; exec sleep 60',
        "image.qcow2 did not boot: the kernel panicked",
        "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root",
    ),
    "an emulator that ends": (
        'echo "qemu-system-x86_64: Device needs media, but drive is empty" >&2; exit 1',
        "image.qcow2 did not boot: QEMU ended before the guest was there",
        "qemu-system-x86_64: Device needs media, but drive is empty",
    ),
    "a guest that turns itself off": (
        'echo "[ 9.1] reboot: Power down"; exit 0',
        "image.qcow2 did not boot: the guest turned itself off",
        "[ 9.1] reboot: Power down",
    ),
    "silence": (
        "exec sleep 60",
        "image.qcow2 did not boot: the guest did not reach 'login' in 1 seconds",
        "no kernel printed anything on the serial console",
    ),
}


@pytest.mark.parametrize(("script", "message", "why"), FAILURES.values(), ids=FAILURES)
def test_a_boot_that_fails(stage: Stage, script: str, message: str, why: str) -> None:
    stage.play(script)
    with pytest.raises(BootFailed) as failure:
        boot(stage, replace(request(stage), timeout=1.0))
    assert (failure.value.message, failure.value.why) == (message, why)


def test_a_failure_shows_the_last_lines_and_the_log(stage: Stage) -> None:
    stage.play('echo one; echo two; echo "You are in emergency mode"; echo after; exec sleep 60')
    log = stage.folder / "console.log"
    with pytest.raises(BootFailed) as failure:
        boot(stage, replace(request(stage), log=log))
    assert failure.value.notes == ("| one", "| two", "| You are in emergency mode", "| after")
    assert failure.value.place == str(log)


@pytest.fixture
def kvm(stage: Stage) -> Stage:
    """The same host with a KVM that passed the probe."""
    stage.device.touch()
    remember(stage, Verdict(works=True, reason="KVM ran a test guest"))
    return stage


def remember(stage: Stage, verdict: Verdict) -> None:
    memory = Memory(
        cache=stage.folder / "cache",
        boot=accelerator.boot_id(),
        emulator="QEMU 10.0.1 of the host",
    )
    memory.keep(verdict)


def test_kvm_is_used_where_it_works(kvm: Stage) -> None:
    kvm.play(f'[ "$part" = kvm ] || exit 1; {UP}')
    result, said = boot(kvm)
    assert result.accelerator is Accelerator.KVM
    assert said == ["QEMU 10.0.1 of the host, KVM (KVM ran a test guest)"]


DEATHS = {
    "KVM gives up and QEMU stays": 'echo "KVM internal error. Suberror: 1" >&2; exec sleep 60',
    "QEMU dies": 'echo "kvm_buf_set_msrs: Assertion failed" >&2; kill -ABRT $$',
    "the kernel panics": 'echo "Kernel panic - not syncing: text patching"; exec sleep 60',
    "silence from the start": "exec sleep 60",
    "silence after the firmware": "echo SeaBIOS; exec sleep 60",
}
LESSON = "a guest died at its start under KVM, not without it"


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_a_guest_that_dies_under_kvm_is_started_again(
    kvm: Stage, monkeypatch: pytest.MonkeyPatch, death: str
) -> None:
    monkeypatch.setattr(check, "KVM_SILENCE_SECONDS", 0.5)
    kvm.play(f'if [ "$part" = kvm ]; then {death}; fi; {UP}')
    result, said = boot(kvm)
    reason = "the guest died at its start under KVM"
    assert (result.accelerator, result.accelerator_reason) == (Accelerator.TCG, reason)
    assert said[1] == f"starting again: emulated processor ({reason})"
    assert kept(kvm) == (False, LESSON)
    assert boot(kvm)[1] == [f"QEMU 10.0.1 of the host, emulated processor ({LESSON})"]


def kept(stage: Stage) -> tuple[bool, str]:
    verdict = json.loads((stage.folder / "cache/kvm.json").read_text())
    return verdict["works"], verdict["reason"]


def test_a_guest_that_dies_without_kvm_too_teaches_nothing(kvm: Stage) -> None:
    kvm.play('echo "Kernel panic - not syncing: no init"; exec sleep 60')
    with pytest.raises(BootFailed, match="the kernel panicked"):
        boot(kvm)
    assert kept(kvm) == (True, "KVM ran a test guest")


def test_kvm_on_request_is_not_replaced(kvm: Stage) -> None:
    kvm.play(f"{DEATHS['QEMU dies']}")
    with pytest.raises(BootFailed, match="QEMU ended before the guest was there"):
        boot(kvm, replace(request(kvm), accelerator=Accelerator.KVM))


def test_an_interrupted_boot_leaves_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = stage.folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    stage.play("while :; do echo waiting; sleep 0.1; done")

    def interrupt(_: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.boot_image(
            request(stage), stage.toolbox, progress=lambda _: None, on_console=interrupt
        )
    assert list(scratch.iterdir()) == []
    assert not stage.emulator_runs()


BOOT = """\
import sys
from pathlib import Path
from livecd_rootfs.boot.check import boot_image
from livecd_rootfs.boot.request import Accelerator, Request
from livecd_rootfs.tools import Mode, Toolbox
boot_image(Request(image=Path(sys.argv[1]), accelerator=Accelerator.TCG),
           Toolbox(mode=Mode.HOST), progress=print,
           on_console=lambda chunk: print("up", flush=True))
"""


def test_the_emulator_dies_with_this_program(stage: Stage) -> None:
    stage.play("echo started; exec sleep 60")
    argv = (sys.executable, "-c", BOOT, str(stage.image))
    path = os.pathsep.join(sys.path)
    environ = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(stage.folder)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environ) as program:
        assert program.stdout is not None
        assert {program.stdout.readline()[:4] for _ in range(2)} == {b"QEMU", b"up\n"}
        program.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while stage.emulator_runs() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not stage.emulator_runs()


def test_a_log_that_can_not_be_written(stage: Stage) -> None:
    stage.play(UP)
    with pytest.raises(LivecdError, match="the console's log can't be written"):
        boot(stage, replace(request(stage), log=stage.folder / "none/console.log"))


def test_an_image_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(LivecdError, match="can't be booted") as failure:
        boot(stage, replace(request(stage), image=stage.folder / "none.img"))
    assert failure.value.why == "there is no such file"
