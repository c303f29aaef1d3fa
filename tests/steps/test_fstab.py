"""fstab before and after."""

from __future__ import annotations

import pytest

from livecd_rootfs.steps import fstab

ROOT = "LABEL=cloudimg-rootfs\t/\text4\terrors=remount-ro\t0 1\n"
ESP = "LABEL=UEFI\t/boot/efi\tvfat\tumask=0077\t0 1\n"
SWAP = "/swap.img none swap sw 0 0\n"
THEIRS = "PARTUUID=1234 / ext4 defaults 0 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ROOT + ESP),
        ("# UNCONFIGURED FSTAB FOR BASE SYSTEM\n", ROOT + ESP),
        (SWAP, ROOT + ESP + SWAP),
        (THEIRS, ESP + THEIRS),
        (f"# theirs\n\n{SWAP}{THEIRS}", ESP + SWAP + THEIRS),
        (ROOT + ESP, ROOT + ESP),
    ],
)
def test_merged(before: str, after: str) -> None:
    ours = fstab.mounts("cloudimg-rootfs", esp="UEFI")
    assert fstab.merged(before, ours) == after


def test_a_boot_partition_is_mounted_before_the_esp_in_it() -> None:
    mounts = fstab.mounts("root", esp="UEFI", boot="BOOT")
    assert [(mount.source, mount.target) for mount in mounts] == [
        ("LABEL=root", "/"),
        ("LABEL=BOOT", "/boot"),
        ("LABEL=UEFI", "/boot/efi"),
    ]
