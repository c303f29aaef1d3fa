"""An image that differs from the standard one in everything at once: built, looked at, booted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.images.conftest import CHECKOUT, PREFIX, Built, facts, livecd_rootfs, questions

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.tools("openssl"),
]

HASH = "$6$saltsalt$" + "x" * 86
SETTINGS = (
    *("--subproject", "minimized", "--subarch", "odd", "--cloud", "no"),
    *("--bootloader", "systemd-boot", "--kernel-command-line", "odd.one"),
    *("--root-password-hash", HASH),
)
ESP_AT = 10240 * 512
# What the guest tells of itself, a name and a text in each line.
QUESTIONS = {
    "size": "findmnt --bytes --noheadings --output SIZE /",
    "state": "systemctl is-system-running",
    "failed": "systemctl --failed --no-legend --plain",
    "cloud-init": "command -v cloud-init",
    "manuals": "find /usr/share/man -type f | head -n 1",
    "password": "sed -n s/^root://p /etc/shadow | cut -d: -f1",
    "arguments": "cat /proc/cmdline",
    "loader": "cat /sys/firmware/efi/efivars/LoaderInfo-* | tr -cd a-z0-9-",
    "secure": "od --address-radix=n --format=u1 /sys/firmware/efi/efivars/SecureBoot-*",
    "images": "ls /boot/efi/EFI/Linux",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """The image and the unified kernel image, from the cache of the standard one."""

    output: Path
    cache: Path

    def artifact(self, suffix: str) -> Path:
        return self.output / f"{PREFIX}-odd{suffix}"


# A key for tests alone, which the package ovmf publishes with its passphrase, and a firmware
# that trusts it.
SNAKEOIL = "usr/share/ovmf/PkKek-1-snakeoil"
TRUSTING = """\
from livecd_rootfs import cli
from livecd_rootfs.boot import firmware
from livecd_rootfs.boot.request import Firmware

known = ("amd64", Firmware.UEFI_SECURE)
variables = "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"
code = firmware.FILES[known].code
firmware.FILES[known] = firmware.Files(package="ovmf", code=code, variables=variables)
cli.main()
"""


def snakeoil(cache: Path) -> Path:
    """The key's file without its suffix: of the tools root, or of this host."""
    tops = (*sorted(cache.glob("tools/*")), Path("/"))
    return next(top / SNAKEOIL for top in tops if (top / f"{SNAKEOIL}.key").is_file())


@pytest.fixture(scope="module")
def odd(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """The image, built once for all tests."""
    folder = tmp_path_factory.mktemp("odd")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    found = snakeoil(built.cache)
    subprocess.run(
        ("openssl", "rsa", "-passin", "pass:snakeoil", "-in", f"{found}.key", "-out", key),
        check=True, capture_output=True,
    )  # fmt: skip
    shutil.copy(f"{found}.pem", certificate)
    keys = ("--secure-boot-key", str(key), "--secure-boot-certificate", str(certificate))
    ended = livecd_rootfs(
        built.cache, "build", "qcow2,uki", "--output", str(folder / "out"), *SETTINGS, *keys
    )
    assert ended.returncode == 0, ended.stderr
    return Odd(output=folder / "out", cache=built.cache)


def test_packages(odd: Odd) -> None:
    names = {row.split("\t")[0] for row in odd.artifact(".img.manifest").read_text().splitlines()}
    assert {"openssh-server", "systemd-boot", "systemd-ukify", "systemd-repart"} <= names
    assert not names & {"cloud-init", "cloud-guest-utils", "grub-common", "nano", "shim-signed"}


@pytest.mark.tools("qemu-img", "mcopy")
def test_the_unified_image_is_the_one_on_the_disk(odd: Odd, tmp_path: Path) -> None:
    """One is made by the tools root's ukify, the other by the image's own."""
    disk, inside = tmp_path / "disk", tmp_path / "inside.efi"
    subprocess.run(("qemu-img", "convert", "-O", "raw", odd.artifact(".img"), disk), check=True)
    place = f"{disk}@@{ESP_AT}"
    subprocess.run(("mcopy", "-i", place, "::EFI/Linux/debian-*.efi", inside), check=True)
    disk.unlink()
    unsigned, outside = unified(inside), unified(odd.artifact(".efi"))
    assert unsigned == outside


def unified(image: Path) -> bytes:
    """The sections of an EFI program: what is before its signature, which holds the time."""
    content = image.read_bytes()
    header = int.from_bytes(content[0x3C:0x40], "little")
    entry = header + 24 + 112 + 4 * 8  # the certificate table (PE format, "Data Directories")
    start = int.from_bytes(content[entry : entry + 4], "little")
    assert start > 0, f"{image} is not signed"
    return content[:header] + content[entry + 8 : start]


@pytest.mark.boot
def test_it_boots_with_secure_boot_and_is_as_it_was_asked_for(odd: Odd) -> None:
    options = ("--firmware", "uefi-secure", "--disk-size", "6G", "--timeout", "400", "--shell")
    ended = subprocess.run(
        (sys.executable, "-c", TRUSTING, "boot", odd.artifact(".img"), *options,
         "--cache", odd.cache),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        input=questions(QUESTIONS), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = facts(ended.stdout)
    assert int(told.pop("size")) > 5_000_000_000
    assert told.pop("arguments").startswith("root=LABEL=cloudimg-rootfs ro odd.one console=tty0")
    assert told.pop("loader").startswith("systemd-boot")
    assert told.pop("images").startswith("debian-")
    assert told == {
        "state": "running",
        "failed": "",
        "cloud-init": "",
        "manuals": "",
        "password": HASH,
        "secure": "6   0   0   0   1",
    }
