"""Which boot loaders a root has, and what becomes of them on the ESP."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.steps import bootable, esp
from tests.steps.builds import made_context, plant

OS_RELEASE = {"etc/os-release": "ID=debian\n"}
GRUB = {"usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed": "signed GRUB"}
UNSIGNED = {"usr/lib/grub/x86_64-efi/monolithic/grubx64.efi": "GRUB"}
SHIM = {"usr/lib/shim/shimx64.efi.signed": "shim", "usr/lib/shim/mmx64.efi.signed": "manager"}
UBUNTU = {
    **GRUB,
    "usr/lib/os-release": "NAME=Ubuntu\nID=ubuntu\n",
    "usr/lib/shim/shimx64.efi.signed.latest": "shim",
    "usr/lib/shim/mmx64.efi": "manager",
}
ARM64 = {
    "etc/os-release": "ID='debian'\n",
    "usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed": "signed GRUB",
    "usr/lib/shim/shimaa64.efi.signed": "shim",
}


def installed(root: Path, arch: str = "amd64") -> dict[str, str]:
    context = made_context(root, ARCH=arch)
    loaders = esp.find(context, root)
    if loaders is None:
        return {}
    files = esp.files(loaders, bootable.where(context, separate=False))
    return {str(file.path): file.content.decode().split(" --")[0] for file in files}


def test_debian(tmp_path: Path) -> None:
    assert installed(plant(tmp_path, {**OS_RELEASE, **GRUB, **SHIM})) == {
        "EFI/BOOT/BOOTX64.EFI": "shim",
        "EFI/BOOT/grubx64.efi": "signed GRUB",
        "EFI/BOOT/grub.cfg": "search",
        "EFI/BOOT/mmx64.efi": "manager",
        "EFI/debian/shimx64.efi": "shim",
        "EFI/debian/grubx64.efi": "signed GRUB",
        "EFI/debian/grub.cfg": "search",
        "EFI/debian/mmx64.efi": "manager",
    }


def test_ubuntu_where_the_shim_is_an_alternative(tmp_path: Path) -> None:
    root = plant(tmp_path, UBUNTU)
    (root / "etc/alternatives").mkdir(parents=True)
    link, latest = "usr/lib/shim/shimx64.efi.signed", "/usr/lib/shim/shimx64.efi.signed.latest"
    (root / "etc/alternatives/shim").symlink_to(latest)
    (root / link).symlink_to("/etc/alternatives/shim")
    found = installed(root)
    assert found["EFI/BOOT/BOOTX64.EFI"] == "shim"
    assert found["EFI/ubuntu/mmx64.efi"] == "manager"


def test_arm64(tmp_path: Path) -> None:
    assert installed(plant(tmp_path, ARM64), "arm64") == {
        "EFI/BOOT/BOOTAA64.EFI": "shim",
        "EFI/BOOT/grubaa64.efi": "signed GRUB",
        "EFI/BOOT/grub.cfg": "search",
        "EFI/debian/shimaa64.efi": "shim",
        "EFI/debian/grubaa64.efi": "signed GRUB",
        "EFI/debian/grub.cfg": "search",
    }


@pytest.mark.parametrize(
    ("files", "first"),
    [
        ({**OS_RELEASE, **GRUB}, "signed GRUB"),
        ({**OS_RELEASE, **UNSIGNED}, "GRUB"),
        ({**OS_RELEASE, **UNSIGNED, **SHIM}, "GRUB"),
    ],
    ids=["no shim", "not signed", "a shim that would not trust it"],
)
def test_without_secure_boot_grub_comes_first(
    tmp_path: Path, files: dict[str, str], first: str
) -> None:
    found = installed(plant(tmp_path, files))
    assert found["EFI/BOOT/BOOTX64.EFI"] == first
    assert "EFI/BOOT/mmx64.efi" not in found
    assert "EFI/debian/shimx64.efi" not in found


@pytest.mark.parametrize("arch", ["amd64", "arm64", "riscv64"])
def test_none(tmp_path: Path, arch: str) -> None:
    assert installed(plant(tmp_path, {**OS_RELEASE, **SHIM}), arch) == {}
