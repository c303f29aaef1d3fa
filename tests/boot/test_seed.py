"""What the guest is given: a seed for cloud-init, and credentials for systemd."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs.boot import seed
from livecd_rootfs.boot.seed import Seed
from livecd_rootfs.tools import Mode, Toolbox

PASSWORD = "secret"
SEED = Seed(nonce="edcd46ee", public_key="ssh-ed25519 AAAA livecd-rootfs", password=PASSWORD)


def test_the_files_of_the_seed() -> None:
    files = seed.files(SEED)
    assert json.loads(files["meta-data"]) == {
        "instance-id": "boot-edcd46ee",
        "local-hostname": "boot-edcd46ee",
    }
    head, _, body = files["user-data"].partition("\n")
    data = json.loads(body)
    assert head == "#cloud-config"
    assert data["users"] == [
        "default",
        {
            "name": "livecd",
            "shell": "/bin/bash",
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
            "lock_passwd": False,
            "plain_text_passwd": "secret",
            "ssh_authorized_keys": ["ssh-ed25519 AAAA livecd-rootfs"],
        },
    ]


def test_without_key_and_password_nobody_gets_in() -> None:
    _, _, body = seed.files(Seed(nonce="edcd46ee"))["user-data"].partition("\n")
    assert json.loads(body)["users"][1] == {
        "name": "livecd",
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "lock_passwd": True,
    }


def test_the_guest_shows_the_answer_that_is_expected(tmp_path: Path) -> None:
    """The guest's own script, with a file for its console."""
    console = tmp_path / "console"
    console.touch()
    _, _, body = seed.files(SEED)["user-data"].partition("\n")
    ((shell, option, script),) = json.loads(body)["runcmd"]
    script = script.replace(seed.CONSOLES, f"{console} /dev/none").replace("-c", "-e")
    subprocess.run((shell, option, script.replace("cut -e", "cut -c")), check=True)
    assert console.read_text() == "livecd-boot:cloud-init:6c307c82d59b0d14\n"
    assert SEED.expected("cloud-init") == "6c307c82d59b0d14"
    assert SEED.expected("another") is None


def test_the_credentials() -> None:
    line = "0644 root root - livecd-boot:issue:edcd46ee\\n\n"
    assert seed.credentials(SEED) == (
        (
            "tmpfiles.extra",
            f"f /etc/issue.d/livecd-boot.issue {line}f /run/issue.d/livecd-boot.issue {line}",
        ),
        ("ssh.authorized_keys.root", "ssh-ed25519 AAAA livecd-rootfs"),
    )
    assert [name for name, _ in seed.credentials(Seed(nonce="edcd46ee"))] == ["tmpfiles.extra"]


def test_no_two_boots_have_one_nonce() -> None:
    assert len({seed.new_nonce() for _ in range(100)}) == 100


@pytest.mark.tools("mformat", "mcopy", "mtype", "blkid")
def test_the_disk_is_one_that_cloud_init_finds(tmp_path: Path) -> None:
    disk = tmp_path / "seed.img"
    seed.write(SEED, disk, Toolbox(mode=Mode.HOST))
    label = subprocess.run(
        ("blkid", "-o", "value", "-s", "LABEL", disk), capture_output=True, text=True, check=True
    )
    assert label.stdout == "CIDATA\n"
    for name, text in seed.files(SEED).items():
        found = subprocess.run(("mtype", "-i", disk, f"::{name}"), capture_output=True, check=True)
        assert found.stdout.decode() == text
