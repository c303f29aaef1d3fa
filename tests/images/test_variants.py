"""An image that differs from the standard one in everything at once: built, looked at, booted."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.images.conftest import PREFIX, Built, livecd_rootfs

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

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
    "images": "ls /boot/efi/EFI/Linux",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """The image and the unified kernel image, from the cache of the standard one."""

    output: Path
    cache: Path

    def artifact(self, suffix: str) -> Path:
        return self.output / f"{PREFIX}-odd{suffix}"


@pytest.fixture(scope="module")
def odd(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """Signed by a key of its own, which must not keep an insecure firmware from starting it."""
    folder = tmp_path_factory.mktemp("odd")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=odd",
         "-keyout", key, "-out", certificate),
        check=True, capture_output=True,
    )  # fmt: skip
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
def test_it_boots_and_is_as_it_was_asked_for(odd: Odd) -> None:
    ask = "".join(f'echo "fact {name} $({line})"\n' for name, line in QUESTIONS.items())
    ended = livecd_rootfs(
        *(odd.cache, "boot", str(odd.artifact(".img")), "--firmware", "uefi"),
        *("--disk-size", "6G", "--timeout", "400", "--shell"),
        stdin=ask,
    )
    assert ended.returncode == 0, ended.stderr
    lines = [line.split(" ", 2) for line in ended.stdout.splitlines() if line.startswith("fact ")]
    facts = {name: text.strip() for _, name, text in lines}
    assert int(facts.pop("size")) > 5_000_000_000
    assert facts.pop("arguments").startswith("root=LABEL=cloudimg-rootfs ro odd.one console=tty0")
    assert facts.pop("loader").startswith("systemd-boot")
    assert facts.pop("images").startswith("debian-")
    assert facts == {
        "state": "running",
        "failed": "",
        "cloud-init": "",
        "manuals": "",
        "password": HASH,
    }
