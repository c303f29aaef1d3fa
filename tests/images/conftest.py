"""One real image for all tests of this folder: bootstrapped, built, and put away at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PREFIX = "livecd.debian-cpc"
TARGETS = "squashfs,qcow2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What ``livecd-rootfs build`` left, and how to call it again."""

    output: Path
    cache: Path
    report: Path
    said: str

    def artifact(self, suffix: str) -> Path:
        return self.output / f"{PREFIX}{suffix}"

    def livecd_rootfs(
        self, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return livecd_rootfs(self.cache, *arguments, stdin=stdin)


def questions(asked: Mapping[str, str]) -> str:
    """Lines for a guest's shell: commands, by the names of the facts that they tell."""
    return "".join(f'echo "fact {name} $({line})"\n' for name, line in asked.items())


def facts(said: str) -> dict[str, str]:
    """What a guest told of itself."""
    lines = [line.split(" ", 2) for line in said.splitlines() if line.startswith("fact ")]
    return {name: text.strip() for _, name, text in lines}


def livecd_rootfs(
    cache: Path, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "livecd_rootfs", *arguments, "--cache", str(cache)),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("images")
    output, cache, report = folder / "out", folder / "cache", folder / "report.html"
    ended = livecd_rootfs(cache, "build", TARGETS, "--output", str(output), "--report", str(report))
    assert ended.returncode == 0, ended.stderr
    return Built(output=output, cache=cache, report=report, said=ended.stdout)


@pytest.fixture(scope="session")
def disk(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The qcow2 as a raw disk, for readers that know nothing of qcow2."""
    raw = tmp_path_factory.mktemp("disk") / "disk.raw"
    subprocess.run(("qemu-img", "convert", "-O", "raw", built.artifact(".img"), raw), check=True)
    return raw
