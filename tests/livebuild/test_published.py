"""What live-build's binary stage leaves, under the names that builders gather."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs.livebuild import published
from tests import trees


def made(place: Path, *names: str) -> None:
    boot = place / published.BOOT
    boot.mkdir(parents=True)
    for name in names:
        (boot / name).write_text(name)


def test_file_systems_kernels_and_their_initramfs(tmp_path: Path) -> None:
    made(
        tmp_path,
        "filesystem.ext4",
        "filesystem.packages",
        "filesystem.packages-remove",
        "vmlinuz-6.1.0-9-cloud-amd64",
        "vmlinuz-6.1.0-10-cloud-amd64",
        "initrd.img-6.1.0-10-cloud-amd64",
        "vmlinuz-6.1.0-10-amd64",
        "disk-uefi.ext4",
    )
    published.publish(tmp_path, "livecd.p", ["cloud-amd64"])
    found = {path.name: path.read_text() for path in tmp_path.glob("livecd.*")}
    assert found == {
        "livecd.p.ext4": "filesystem.ext4",
        "livecd.p.packages": "filesystem.packages",
        "livecd.p.kernel-cloud-amd64": "vmlinuz-6.1.0-10-cloud-amd64",
        "livecd.p.initrd-cloud-amd64": "initrd.img-6.1.0-10-cloud-amd64",
    }
    assert not any(path.is_symlink() for path in tmp_path.glob("livecd.*"))


def test_ubuntu_s_virtual_kernel_is_a_generic_one(tmp_path: Path) -> None:
    made(tmp_path, "vmlinuz-6.8.0-31-generic")
    published.publish(tmp_path, "livecd.p", ["virtual"])
    assert trees.names(tmp_path) == ["binary", "livecd.p.kernel-virtual"]


def test_what_a_hook_made_stays(tmp_path: Path) -> None:
    made(tmp_path, "filesystem.squashfs")
    (tmp_path / "livecd.p.squashfs").write_text("the hook's")
    assert published.publish(tmp_path, "livecd.p", []) == ()
    assert (tmp_path / "livecd.p.squashfs").read_text() == "the hook's"
