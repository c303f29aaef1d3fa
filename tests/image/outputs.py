"""Build directories for tests of outputs: a root of text that could boot, and four hooks in a row."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.steps import builds
from tests.steps.builds import Build

STEPS = ("kernel-install", "boot-loader", "unified-kernel", "output")
KERNEL = builds.KERNEL
# Stand in for the target's own: the initramfs has its kernel's name, and the modules.
PLANTED = {
    "usr/sbin/update-initramfs": "#!/bin/sh\necho ran >>/made\n"
    "cat /etc/initramfs-tools/hooks/* /usr/share/initramfs-tools/modules.d/* "
    '/etc/initramfs-tools/conf.d/* >/boot/initrd.img-"$3" 2>&-\n'
    'echo "$1" >>/boot/initrd.img-"$3"\n',
    "usr/sbin/mkinitramfs": "",
    "usr/sbin/veritysetup": "",
    "etc/initramfs-tools/initramfs.conf": "",
    "usr/share/doc/bash/changelog.Debian.gz": "",
    "usr/lib/systemd/systemd": "#!/bin/sh\n",
    "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
}
PROGRAMS = "usr/lib/systemd/boot/efi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A build directory after the hooks have run, and what each said."""

    build: Build
    said: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.build.build

    def path(self, suffix: str) -> Path:
        return self.folder / f"livecd.test.image{suffix}"

    def names(self) -> list[str]:
        """What was made, without what all names begin with."""
        found = self.folder.glob("livecd.test.image*")
        return sorted(path.name.removeprefix("livecd.test.image") for path in found)


def root(folder: Path, bootable: Path, tools_root: Path) -> Path:
    """A root with real programs of systemd-boot in it."""
    subprocess.run(["cp", "-a", bootable, folder], check=True)
    builds.plant(folder, PLANTED)
    (folder / PROGRAMS).mkdir(parents=True)
    for name in ("linuxx64.efi.stub", "systemd-bootx64.efi"):
        shutil.copy(tools_root / PROGRAMS / name, folder / PROGRAMS / name)
    return folder


def run(build: Build, *steps: str, **variables: str) -> Made:
    """Run hooks that succeed."""
    said = {}
    for name in steps or STEPS:
        ended = build.hook(name, **variables)
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
        said[name] = ended.stdout.strip()
    assert build.left() == []
    return Made(build=build, said=said)
