"""The kernel and the initramfs that machines without a boot loader start."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import boot_files, kernels
from tests.steps.builds import made_context, plant

DEBIAN = ("vmlinuz-6.12.9-amd64", "vmlinuz-6.12.8-cloud-amd64", "vmlinuz-6.12.7-cloud-amd64")
UBUNTU = ("vmlinuz-6.8.0-40-generic", "vmlinuz-6.8.0-50-generic")


@pytest.mark.parametrize(
    ("names", "flavour", "version"),
    [
        (DEBIAN, "cloud", "6.12.8-cloud-amd64"),
        (DEBIAN, "generic", "6.12.9-amd64"),
        (UBUNTU, "generic", "6.8.0-50-generic"),
        (UBUNTU, "cloud", "6.8.0-50-generic"),
    ],
)
def test_chosen(names: tuple[str, ...], flavour: str, version: str) -> None:
    found = boot_files.chosen(kernels.ordered(names), flavour)
    assert found is not None
    assert found.version == version


def test_a_kernel_and_its_initramfs(tmp_path: Path) -> None:
    version = "6.12.8-cloud-amd64"
    files = {f"chroot/boot/vmlinuz-{version}": "kernel", f"chroot/boot/initrd.img-{version}": "it"}
    plant(tmp_path, files)
    said = boot_files.run(made_context(tmp_path))
    assert said == f"livecd.test.kernel-cloud, livecd.test.initrd-cloud: 8 B, Linux {version}"
    assert (tmp_path / "livecd.test.kernel-cloud").read_text() == "kernel"
    assert (tmp_path / "livecd.test.initrd-cloud").read_text() == "it"


def test_a_kernel_without_initramfs_gets_one_with_nothing_in_it(tmp_path: Path) -> None:
    plant(tmp_path, {"chroot/boot/vmlinuz-6.12.8-amd64": "kernel"})
    boot_files.run(made_context(tmp_path, KERNEL_FLAVOUR="generic"))
    archive = (tmp_path / "livecd.test.initrd-generic").read_bytes()
    numbers = [int(archive[at : at + 8], 16) for at in range(6, 110, 8)]
    links, name_size = 4, 11
    assert {n: number for n, number in enumerate(numbers) if number} == {links: 1, name_size: 11}
    assert (archive[:6], archive[110:]) == (b"070701", b"TRAILER!!!\0\0\0\0")


def test_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "chroot/boot").mkdir(parents=True)
    with pytest.raises(LivecdError, match="the root has no kernel"):
        boot_files.run(made_context(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chroot"]
