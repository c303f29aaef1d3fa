"""Whether KVM is taken: by the machine, by trying, and by what was found out before."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from livecd_rootfs.boot import accelerator, probe
from livecd_rootfs.boot.accelerator import Choice, Memory, Verdict
from livecd_rootfs.boot.request import Accelerator
from livecd_rootfs.errors import UsageError
from livecd_rootfs.tools import Toolbox
from tests.boot.conftest import Stage


def memory(stage: Stage) -> Memory:
    return Memory(cache=stage.folder / "cache", boot="this-boot", emulator="QEMU 10.0.1")


def choose(stage: Stage, wanted: Accelerator = Accelerator.AUTO, *, guest: str = "amd64") -> Choice:
    return accelerator.choose(
        wanted,
        guest=guest,
        host="amd64",
        emulator="qemu-system-x86_64",
        toolbox=stage.toolbox,
        memory=memory(stage),
    )


def test_without_a_device_the_processor_is_emulated(stage: Stage) -> None:
    expected = Choice(accelerator=Accelerator.TCG, reason=f"there is no {stage.device}")
    assert choose(stage) == expected


def test_a_foreign_image_is_emulated(stage: Stage) -> None:
    stage.device.touch()
    reason = "the image is for arm64, this machine is amd64"
    assert choose(stage, guest="arm64") == Choice(accelerator=Accelerator.TCG, reason=reason)


def test_kvm_that_can_not_be_had_is_refused_when_asked_for(stage: Stage) -> None:
    with pytest.raises(UsageError, match="KVM can't be used") as failure:
        choose(stage, Accelerator.KVM)
    assert failure.value.why == f"there is no {stage.device}"


@pytest.mark.parametrize("wanted", [Accelerator.KVM, Accelerator.TCG])
def test_what_is_asked_for_is_taken_untried(stage: Stage, wanted: Accelerator) -> None:
    stage.device.touch()
    stage.play("exit 1")
    assert choose(stage, wanted) == Choice(accelerator=wanted, reason="it was asked for")


PROBES = {
    "it runs": (f"exit {probe.EXIT_STATUS}", Accelerator.KVM, "KVM ran a test guest"),
    "QEMU refuses": (
        "echo 'qemu: error: failed to set MSR 0x10a' >&2; kill -ABRT $$",
        Accelerator.TCG,
        "KVM can't run a test guest here: qemu: error: failed to set MSR 0x10a",
    ),
    "another end": (
        "exit 1",
        Accelerator.TCG,
        "KVM can't run a test guest here: QEMU ended with status 1",
    ),
    "it hangs": ("exec sleep 60", Accelerator.TCG, "KVM can't run a test guest here: it hung"),
}


@pytest.mark.parametrize(("script", "taken", "reason"), PROBES.values(), ids=PROBES)
def test_kvm_is_tried_once(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    taken: Accelerator,
    reason: str,
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.5)
    monkeypatch.setattr(probe, "BUSY_SECONDS", 0.1)
    stage.device.touch()
    stage.play(script)
    assert choose(stage) == Choice(accelerator=taken, reason=reason)
    stage.play("exit 99")
    assert choose(stage) == Choice(accelerator=taken, reason=reason)


def test_a_busy_machine_is_not_taken_for_one_without_kvm(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.5)
    stage.device.touch()
    tried = stage.folder / "tried"
    stage.play(
        f"case $* in *tcg*) sleep 1; exit {probe.EXIT_STATUS} ;; esac\n"
        f"[ -e {tried} ] || {{ touch {tried}; exec sleep 60; }}\nexit {probe.EXIT_STATUS}"
    )
    assert choose(stage) == Choice(accelerator=Accelerator.KVM, reason="KVM ran a test guest")


def test_a_verdict_ends_with_the_machine_s_run_and_with_the_emulator(stage: Stage) -> None:
    kept = memory(stage)
    verdict = Verdict(works=True, reason="KVM ran a test guest")
    kept.keep(verdict)
    assert kept.recall() == verdict
    assert replace(kept, boot="next-boot").recall() is None
    assert replace(kept, emulator="QEMU 11.0.0").recall() is None
    assert replace(kept, cache=None).recall() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"boot": 1}', "\x00"])
def test_a_broken_memory_is_none(stage: Stage, content: str) -> None:
    cache = stage.folder / "cache"
    cache.mkdir()
    (cache / "kvm.json").write_text(content)
    assert memory(stage).recall() is None


def test_a_memory_that_can_not_be_written_is_none(stage: Stage) -> None:
    (stage.folder / "cache").write_text("a file")
    memory(stage).keep(Verdict(works=True, reason=""))
    assert memory(stage).recall() is None
    replace(memory(stage), cache=None).keep(Verdict(works=True, reason=""))


def test_the_sector_is_one() -> None:
    sector = probe.sector()
    assert len(sector) == 512
    assert sector[-2:] == b"\x55\xaa"


@pytest.mark.tools("as", "objcopy")
def test_the_sector_is_what_its_listing_says(tmp_path: Path) -> None:
    source, made = tmp_path / "probe.s", tmp_path / "probe.o"
    assembly = "\n".join(text for _, text in probe.LISTING)
    source.write_text(f".code16\n{assembly}\n")
    subprocess.run(("as", "--64", "-o", made, source), check=True)
    listing = ("objcopy", "-O", "binary", "-j", ".text", made, tmp_path / "probe.bin")
    subprocess.run(listing, check=True)
    code = (tmp_path / "probe.bin").read_bytes()
    assert probe.sector()[: len(code)] == code


@pytest.mark.boot
@pytest.mark.root
def test_the_sector_runs_where_guests_run(real_toolbox: Toolbox, tmp_path: Path) -> None:
    """Emulation runs every guest, so what fails under KVM is not the sector's fault."""
    status, errors = accelerator.run_probe(
        tmp_path, "qemu-system-x86_64", real_toolbox, "tcg", "max", seconds=probe.BUSY_SECONDS
    )
    assert (status, errors) == (probe.EXIT_STATUS, "")
