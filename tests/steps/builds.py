"""Build directories for the tests of steps: a root that could boot, tools, and hooks run by hand."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import process
from livecd_rootfs.process import Completed
from livecd_rootfs.running import HostProcess
from livecd_rootfs.steps import context
from livecd_rootfs.steps.context import Context
from livecd_rootfs.tools import find_on_host
from tests import checkout

EPOCH = 1_700_000_000
KERNEL = "6.12.9-amd64"
STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.41-12
Description: library
 .
 With a second paragraph.

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1

Package: linux-image-6.12.9-amd64
Status: install ok installed
Architecture: amd64
Version: 6.12.9-1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
# Stands in for the target's own program, which needs GRUB's real modules.
GRUB_MKIMAGE = """\
#!/bin/sh
printf '%s ' "$@" > /core.arguments
while [ "$1" != -o ]; do shift; done
printf '%01000d' 7 > "$2"
"""
BOOTABLE: Mapping[str, str] = {
    "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    "etc/default/grub": 'GRUB_CMDLINE_LINUX="console=ttyS0 quiet"\nGRUB_TIMEOUT=5\n',
    "etc/fstab": "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n",
    f"boot/vmlinuz-{KERNEL}": "kernel\n",
    f"boot/initrd.img-{KERNEL}": "initramfs\n",
    "usr/lib/grub/i386-pc/boot.img": "B" * 512,
    "usr/lib/grub/i386-pc/ext2.mod": "module\n",
    "usr/lib/grub/i386-pc/moddep.lst": "list\n",
    "usr/lib/grub/i386-pc/unused.image": "not copied\n",
    "usr/lib/grub/x86_64-efi/ext2.mod": "module\n",
    "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed": "signed GRUB\n",
    "usr/lib/shim/shimx64.efi.signed": "shim\n",
    "usr/lib/shim/mmx64.efi.signed": "MokManager\n",
    "var/lib/dpkg/info/grub-cloud-amd64.list": "",
    "var/lib/dpkg/status": STATUS,
    "usr/bin/grub-mkimage": GRUB_MKIMAGE,
}


def plant(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder; what begins with ``#!`` becomes executable."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTools:
    """The host's tools, whatever their version."""

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        bind: Sequence[Path] = (),
    ) -> Completed:
        del bind
        program = find_on_host(str(argv[0])) or argv[0]
        return process.run([program, *argv[1:]], env=env, cwd=cwd, stdin=stdin)

    def start(
        self,
        argv: Sequence[str | Path],
        *,
        streams: tuple[int, int, int],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        bind: Sequence[Path] = (),
        shut: Sequence[int] = (),
    ) -> HostProcess:
        del bind, shut
        program = find_on_host(str(argv[0])) or argv[0]
        words = [str(word) for word in (program, *argv[1:])]
        return HostProcess.start(words, streams=streams, cwd=cwd, env=env)


def made_context(build: Path, tools: context.Tools | None = None, **variables: str) -> Context:
    """A context with the host's tools, or others, and fixed names and times."""
    fixed = {"PROJECT": "test", "ARCH": "amd64", "LIVECD_SEED": "seed"}
    return context.from_environment(
        {**fixed, **variables}, build, tools=tools or HostTools(), now=EPOCH
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build directory in which hooks run as an executor runs them."""

    folder: Path
    environ: Mapping[str, str]

    @property
    def build(self) -> Path:
        return self.folder / "build"

    @property
    def overlays(self) -> Path:
        return self.folder / "overlays"

    def hook(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a hook of the real tree to its end."""
        return self.start(name, (), variables)

    def start(
        self, name: str, before: Sequence[str], variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a hook behind another command, such as ``unshare --mount``."""
        return subprocess.run(
            [*before, sys.executable, checkout.ROOT / "hooks.d/base" / f"{name}.binary"],
            cwd=self.build,
            env={**self.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def artifacts(self) -> dict[str, str]:
        """The digests of what was made, by name, the disk too."""
        files = [*self.build.glob("livecd.*"), *self.build.glob("binary/boot/*")]
        return {path.name: digest(path) for path in sorted(files) if path.is_file()}

    def left(self) -> list[str]:
        """Temporary files and directories that somebody forgot."""
        found = [*self.build.rglob(".*"), *(self.folder / "scratch").iterdir()]
        return sorted(str(path) for path in found)


def new_build(folder: Path, root: Path, tools: Mapping[str, str], **variables: str) -> Build:
    """A build directory with a copy of a root, and the directories that an executor gives."""
    for name in ("build", "overlays", "scratch"):
        (folder / name).mkdir(parents=True)
    subprocess.run(["cp", "-a", root, folder / "build/chroot"], check=True)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(checkout.ROOT),
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "PROJECT": "test",
        "ARCH": "amd64",
        "LIVECD_SEED": "seed",
        "LIVECD_OVERLAYS": str(folder / "overlays"),
        "LIVECD_SCRATCH": str(folder / "scratch"),
        **tools,
        **variables,
    }
    return Build(folder=folder, environ=environ)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree(root: Path) -> dict[str, tuple[str, ...]]:
    """What a tree holds: for each path its type and mode, owner, times, and content."""
    return {str(path.relative_to(root)): _facts(path) for path in (root, *sorted(root.rglob("*")))}


def _facts(path: Path) -> tuple[str, ...]:
    found = path.lstat()
    content = str(path.readlink()) if path.is_symlink() else ""
    if stat.S_ISREG(found.st_mode):
        content = digest(path)
    owner = f"{found.st_uid}:{found.st_gid}"
    return stat.filemode(found.st_mode), owner, str(found.st_mtime_ns), content
