"""A build directory with ``config/functions`` and a small disk, and hooks in the old style in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from livecd_rootfs import shell
from tests import checkout

SECTOR = 512
SIZE = 48 << 20
TABLE = """\
label: gpt
1: start=20480, size=65536, uuid=11111111-2222-3333-4444-555555555555
14: start=2048, size=8192, type=21686148-6449-6E6F-744E-656564454649
15: start=10240, size=10240, type=uefi
"""
ROOT_START, ROOT_SECTORS, ESP_START = 20480, 65536, 10240
FOLDERS = ("proc", "sys", "dev", "run", "tmp", "etc/grub.d", "boot/efi", "boot/grub", "usr/sbin",
           "usr/bin", "var/lib/dpkg", "var/lib/apt/lists", "var/cache/apt")  # fmt: skip
ESP = f"binary/boot/disk-uefi.ext4@@{ESP_START * SECTOR}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildDirectory:
    """Where binary hooks start."""

    path: Path

    @property
    def disk(self) -> Path:
        return self.path / "binary/boot/disk-uefi.ext4"

    def start(
        self, text: str, shell: str = "bash", environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Run a hook; it sources the functions itself."""
        hook = self.path / "config/hooks.d/extra/old.binary"
        hook.parent.mkdir(parents=True, exist_ok=True)
        hook.write_text(f"#!/usr/bin/env {shell}\n{text}")
        hook.chmod(0o755)
        # Those who run the tests in the background ignore ^C, those who do so by nohup the end
        # of the terminal; a shell can undo neither.
        return subprocess.Popen(
            ["env", "--default-signal=INT,HUP", hook],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(checkout.ROOT), **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(
        self, text: str, shell: str = "bash", environ: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """The exit status of a hook, and all that it said."""
        with self.start(text, shell, environ) as process:
            output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def made(self, text: str, shell: str = "bash", **environ: str) -> str:
        """What a hook said that did well."""
        status, output = self.run(f"set -eu\n. config/functions\n{text}", shell, environ)
        assert status == 0, output
        return output

    def in_root(self, command: str, disk: Path | None = None) -> str:
        """What debugfs says of the root file system in a disk."""
        place = f"{disk or self.disk}?offset={ROOT_START * SECTOR}"
        answer = subprocess.run(
            ["debugfs", "-R", command, place], capture_output=True, text=True, check=True
        )
        return answer.stdout

    def fsck(self, disk: Path | None = None) -> int:
        place = f"{disk or self.disk}?offset={ROOT_START * SECTOR}"
        return subprocess.run(["e2fsck", "-fn", place], capture_output=True, check=False).returncode

    def in_esp(self, *argv: str) -> str:
        """What one of mtools says of the ESP."""
        tool, *words = argv
        return subprocess.run(
            [tool, "-i", ESP, *words], cwd=self.path, capture_output=True, text=True, check=True
        ).stdout

    def left(self) -> list[str]:
        """Mounts, loop devices, notes and scratch of hooks that have ended."""
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        loops = Path("/sys/block").glob("loop*/loop/backing_file")
        return [
            *(line.split()[4] for line in mounts if str(self.path) in line),
            *(str(loop) for loop in loops if str(self.path) in loop.read_text()),
            *map(str, Path(os.environ["TMPDIR"]).glob("hook-*")),
        ]


@pytest.fixture(scope="session")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT disk with a root that has no programs, a BIOS boot partition and an ESP."""
    folder = tmp_path_factory.mktemp("small")
    for name in FOLDERS:
        (folder / "root" / name).mkdir(parents=True)
    (folder / "root/etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    (folder / "root/etc/os-release").write_text('VERSION_ID="13"\n')
    (folder / "loader").write_text("a boot loader\n")
    disk = folder / "disk"
    with disk.open("wb") as stream:
        stream.truncate(SIZE)
    esp = f"{disk}@@{ESP_START * SECTOR}"
    steps: tuple[tuple[tuple[str | Path, ...], str], ...] = (
        (("sfdisk", "--quiet", disk), TABLE),
        (("mke2fs", "-q", "-t", "ext4", "-d", folder / "root", "-E",
          f"offset={ROOT_START * SECTOR}", disk, f"{ROOT_SECTORS // 2}k"), ""),
        (("mkfs.vfat", "-s", "1", "--offset", str(ESP_START), disk, str(10240 // 2)), ""),
        (("mmd", "-i", esp, "::/EFI"), ""),
        (("mcopy", "-i", esp, folder / "loader", "::/EFI/LOADER"), ""),
    )  # fmt: skip
    for argv, text in steps:
        subprocess.run(argv, input=text, check=True, capture_output=True, text=True)
    return disk


@pytest.fixture
def build(tmp_path: Path, small_disk: Path) -> BuildDirectory:
    directory = BuildDirectory(path=tmp_path / "build")
    (directory.path / "binary/boot").mkdir(parents=True)
    (directory.path / "mountpoint").mkdir()
    (directory.path / "config").mkdir()
    (directory.path / "config/functions").write_text(shell.functions())
    subprocess.run(["cp", "--sparse=always", small_disk, directory.disk], check=True)
    return directory


@pytest.fixture(params=["loop devices", "no loop devices"])
def devices(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment for hooks: as it is, and where losetup is refused what it asks for."""
    if request.param == "loop devices":
        return {}
    refusing = tmp_path / "refusing"
    refusing.mkdir()
    (refusing / "losetup").write_text("#!/bin/sh\necho 'losetup: not permitted' >&2\nexit 1\n")
    (refusing / "losetup").chmod(0o755)
    return {"PATH": f"{refusing}:{os.environ['PATH']}"}
