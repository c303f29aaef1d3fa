"""The base hooks, run as an executor runs them, on a root of a few files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from livecd_rootfs import process
from tests import needs
from tests.steps.builds import KERNEL, Build, plant, tree
from tests.steps.conftest import NewBuild

# A builder whose tools are too old for reproducible file systems gets a tools
# root, which takes the network once.
pytestmark = [pytest.mark.root, pytest.mark.network]

ROOT_OFFSET = 227328 * 512
SMALL = {"IMAGE_SIZE": "+16M"}
DISK = "binary/boot/disk-uefi.ext4"
GRUB_CFG = f"""\
menuentry 'Debian GNU/Linux 13 (trixie), Linux {KERNEL}' {{
    linux /boot/vmlinuz-{KERNEL} root=LABEL=cloudimg-rootfs ro console=ttyS0 quiet
    initrd /boot/initrd.img-{KERNEL}
}}
"""


def passed(ended: subprocess.CompletedProcess[str]) -> str:
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def cat(build: Build, path: str, offset: int = ROOT_OFFSET) -> str:
    """A file in the disk."""
    return debugfs(build, f"cat {path}", offset)


def debugfs(build: Build, command: str, offset: int = ROOT_OFFSET) -> str:
    image = f"{build.build / DISK}?offset={offset}"
    return process.run([needs.program("debugfs") or "debugfs", "-R", command, image]).stdout


def test_disk_image_says_what_it_made(new_build: NewBuild) -> None:
    said = passed(new_build(**SMALL).hook("disk-image"))
    assert re.fullmatch(
        rf"{DISK}: \d+\.0 MiB, \d+\.\d MiB of content; boots by BIOS and UEFI with Secure Boot\n",
        said,
    )


@pytest.mark.tools("debugfs", "e2fsck", "sgdisk", "mtype")
def test_what_is_on_the_disk(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    before = tree(build.build / "chroot")
    passed(build.hook("disk-image"))
    disk = build.build / DISK
    assert cat(build, "/boot/grub/grub.cfg").endswith(GRUB_CFG)
    assert cat(build, "/etc/fstab").split()[:2] == ["LABEL=cloudimg-rootfs", "/"]
    assert cat(build, "/etc/grub.d/enable_cloud") == ""
    assert cat(build, "/core.arguments").endswith("biosdisk part_gpt ext2 ")
    modules = debugfs(build, "ls -p /boot/grub/i386-pc")
    names = {line.split("/")[5] for line in modules.splitlines() if line}
    assert names == {".", "..", "boot.img", "core.img", "ext2.mod", "moddep.lst"}
    process.run(["sgdisk", "-v", disk])
    process.run([needs.program("e2fsck") or "", "-fn", f"{disk}?offset={ROOT_OFFSET}"])
    shim = process.run(["mtype", "-i", f"{disk}@@{10240 * 512}", "::EFI/BOOT/BOOTX64.EFI"])
    assert shim.stdout == "shim\n"
    assert disk.read_bytes()[2048 * 512 :].startswith(b"0" * 0x1F4 + b"\x01\x08\0\0\0\0\0\0\x01\0")
    assert tree(build.build / "chroot") == before
    assert build.left() == []


def test_the_disk_has_a_manifest_and_a_list_of_its_files(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    manifest = (build.build / "livecd.test.manifest").read_text()
    files = (build.build / "livecd.test.filelist").read_text().splitlines()
    assert manifest.startswith("bash\t5.2-1\nlibc6:amd64\t2.41-12\n")
    assert files == sorted(files)
    assert "./boot/grub/grub.cfg" in files


@pytest.mark.tools("e2fsck")
def test_the_parts_of_the_disk(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    said = passed(build.hook("ext4"))
    assert re.fullmatch(r"livecd\.test\.ext4: \d+\.0 MiB, the root partition of the disk\n", said)
    image = build.build / "livecd.test.ext4"
    process.run([needs.program("e2fsck") or "", "-fn", image])
    assert (
        image.read_bytes()
        == (build.build / DISK).read_bytes()[ROOT_OFFSET:][: image.stat().st_size]
    )
    passed(build.hook("kernel"))
    assert (build.build / "livecd.test.kernel-cloud").read_text() == "kernel\n"
    assert (build.build / "livecd.test.initrd-cloud").read_text() == "initramfs\n"
    assert build.left() == []


@pytest.mark.tools("qemu-img")
def test_qcow2(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    said = passed(build.hook("qcow2-image"))
    assert re.fullmatch(r"livecd\.test\.img: \d+\.\d MiB, compressed with zstd\n", said)
    image = build.build / "livecd.test.img"
    process.run(["qemu-img", "check", image])
    process.run(["qemu-img", "compare", image, build.build / DISK])
    manifests = (build.build / f"livecd.test.{name}" for name in ("manifest", "img.manifest"))
    assert len({manifest.read_text() for manifest in manifests}) == 1
    assert "compression type: zstd" in process.run(["qemu-img", "info", image]).stdout
    passed(build.hook("qcow2-image", QCOW2_COMPRESSION="zlib"))
    assert "compression type: zlib" in process.run(["qemu-img", "info", image]).stdout


@pytest.mark.tools("qemu-img")
def test_a_small_qcow2_has_large_clusters_and_the_same_bytes_in_every_run(
    new_build: NewBuild,
) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    said = passed(build.hook("qcow2-image", COMPRESSION="small"))
    assert "compressed with zstd in clusters of 512 KiB" in said
    image = build.build / "livecd.test.img"
    assert "cluster_size: 524288" in process.run(["qemu-img", "info", image]).stdout
    process.run(["qemu-img", "compare", image, build.build / DISK])
    once = image.read_bytes()
    passed(build.hook("qcow2-image", COMPRESSION="small"))
    assert image.read_bytes() == once


@pytest.mark.tools("debugfs", "e2fsck")
def test_a_boot_partition(new_build: NewBuild) -> None:
    build = new_build(**SMALL, BOOT_PARTITION_SIZE="48M")
    passed(build.hook("disk-image"))
    boot, root = ROOT_OFFSET, ROOT_OFFSET + (48 << 20)
    assert cat(build, f"/vmlinuz-{KERNEL}", boot) == "kernel\n"
    assert f"linux /vmlinuz-{KERNEL} root=LABEL=cloudimg-rootfs" in cat(
        build, "/grub/grub.cfg", boot
    )
    assert "LABEL=BOOT\t/boot\t" in cat(build, "/etc/fstab", root)
    assert "(,gpt13)/grub" in cat(build, "/core.arguments", root)
    assert len(debugfs(build, "ls -p /boot", root).split()) == 2
    for offset in (boot, root):
        image = f"{build.build / DISK}?offset={offset}"
        process.run([needs.program("e2fsck") or "", "-fn", image])


# Stand in for the target's own programs: they write what they were told.
TELLER = """\
#!/bin/sh
for word; do
    case $word in
    --output=*) output=${word#--output=} ;;
    --secureboot-private-key=* | --private-key=*) key=$(cat "${word#*=}") ;;
    esac
done
printf '%s\n' "$@" "${key:-no key}" >"$output"
"""
SYSTEMD_BOOT = {
    "usr/bin/ukify": TELLER,
    "usr/lib/systemd/systemd-sbsign": TELLER,
    "usr/lib/systemd/boot/efi/linuxx64.efi.stub": "stub\n",
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "systemd-boot\n",
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi.signed": "signed systemd-boot\n",
}
ESP_AT = 2048 + 8192


def mtype(build: Build, path: str) -> str:
    image = f"{build.build / DISK}@@{ESP_AT * 512}"
    return process.run(["mtype", "-i", image, f"::{path}"]).stdout


@pytest.mark.tools("debugfs", "sgdisk", "mtype")
def test_systemd_boot_with_a_unified_image(new_build: NewBuild) -> None:
    build = new_build(**SMALL, BOOTLOADER="systemd-boot", KERNEL_COMMAND_LINE="quiet")
    plant(build.build / "chroot", SYSTEMD_BOOT)
    assert passed(build.hook("disk-image")).endswith("; boots by UEFI\n")
    process.run(["sgdisk", "-v", build.build / DISK])
    told = mtype(build, f"EFI/Linux/debian-{KERNEL}.efi").splitlines()
    arguments = "root=LABEL=cloudimg-rootfs ro quiet console=tty0 console=ttyS0,115200"
    assert f"--linux=/boot/vmlinuz-{KERNEL}" in told
    assert f"--cmdline={arguments}" in told
    assert told[-1] == "no key"
    for path in ("EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi"):
        assert mtype(build, path) == "signed systemd-boot\n"
    root = (ESP_AT * 512) + (512 << 20)
    assert cat(build, "/etc/kernel/cmdline", root) == f"{arguments}\n"
    assert cat(build, "/etc/kernel/entry-token", root) == "debian\n"
    assert ".livecd.efi" not in debugfs(build, "ls -p /boot", root)
    assert (build.build / DISK).read_bytes()[:440] == bytes(440)
    assert build.left() == []


@pytest.mark.tools("mtype")
def test_systemd_boot_signed_by_the_user(new_build: NewBuild) -> None:
    build = new_build(**SMALL, BOOTLOADER="systemd-boot")
    plant(build.build / "chroot", SYSTEMD_BOOT)
    keys = plant(build.folder / "keys", {"key": "my key\n", "certificate": "its certificate\n"})
    signing = {
        "SECURE_BOOT_KEY": str(keys / "key"),
        "SECURE_BOOT_CERTIFICATE": str(keys / "certificate"),
    }
    said = passed(build.hook("disk-image", **signing))
    assert said.endswith("; boots by UEFI with Secure Boot\n")
    assert mtype(build, f"EFI/Linux/debian-{KERNEL}.efi").endswith("\nmy key\n")
    loader = mtype(build, "EFI/BOOT/BOOTX64.EFI").splitlines()
    assert loader[-2:] == ["/usr/lib/systemd/boot/efi/systemd-bootx64.efi", "my key"]


# One row for each thing that must not matter.
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "another directory": {},
    "another time zone and language": {"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8"},
    "another home": {"HOME": "/root", "MTOOLSRC": "/etc/passwd"},
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_the_same_build_gives_the_same_bytes(new_build: NewBuild, what: str) -> None:
    one = new_build("one", **SMALL)
    other = new_build("one/elsewhere/much deeper", **SMALL, **ELSEWHERE[what])
    for path in (other.build / "chroot").rglob("*"):
        os.utime(path, (0, path.lstat().st_mtime), follow_symlinks=False)
    for build in (one, other):
        make_all(build)
    assert one.artifacts() == other.artifacts()
    assert len(one.artifacts()) == 16


def make_all(build: Build) -> None:
    umask = os.umask(0o077 if build.folder.name == "one" else 0o002)
    try:
        for name in ("disk-image", "qcow2-image", "vmdk-image", "ova-image", "azure-image"):
            passed(build.hook(name))
    finally:
        os.umask(umask)


def test_another_build_has_other_ids(new_build: NewBuild) -> None:
    one, other = new_build("one", **SMALL), new_build("other", **SMALL, LIVECD_SEED="other")
    for build in (one, other):
        passed(build.hook("disk-image"))
    assert debugfs(one, "show_super_stats -h") != debugfs(other, "show_super_stats -h")


def test_an_arm64_disk_has_no_part_for_a_bios(new_build: NewBuild) -> None:
    build = new_build(**SMALL, ARCH="arm64")
    arm64 = {
        "usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed": "signed GRUB\n",
        "usr/lib/shim/shimaa64.efi.signed": "shim\n",
    }
    plant(build.build / "chroot", arm64)
    assert passed(build.hook("disk-image")).endswith("boots by UEFI with Secure Boot\n")
    assert (build.build / DISK).read_bytes()[:440] == bytes(440)


def test_a_disk_for_a_bios_only(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    for folder in ("x86_64-efi", "x86_64-efi-signed"):
        shutil.rmtree(build.build / "chroot/usr/lib/grub" / folder)
    assert passed(build.hook("disk-image")).endswith("boots by BIOS\n")


FAULTS: Mapping[str, tuple[str, tuple[str, ...], Mapping[str, str], str]] = {
    "no kernel": (
        "disk-image",
        (f"boot/vmlinuz-{KERNEL}",),
        {},
        "the root has no kernel, so its disk could not boot\n  at:   chroot/boot\n",
    ),
    "no boot loader": (
        "disk-image",
        (
            "usr/lib/grub/i386-pc/boot.img",
            "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
        ),
        {},
        "the root has no boot loader, so its disk could not boot\n",
    ),
    "no target root": (
        "disk-image",
        ("../chroot",),
        {},
        "there is no target root\n  at:   ",
    ),
    "a disk that is too small": (
        "disk-image",
        (),
        {"IMAGE_SIZE": "120M"},
        "the content of cloudimg-rootfs does not fit on the disk\n  why:  ",
    ),
    "no room for any root": (
        "disk-image",
        (),
        {"IMAGE_SIZE": "50M"},
        "the content of cloudimg-rootfs does not fit on the disk\n  why:  ",
    ),
    "a disk that no file system holds": (
        "disk-image",
        (),
        {"IMAGE_SIZE": "8388607T"},
        "a disk of 8388607.0 TiB can't be made here\n  why:  the file system says: ",
    ),
    "a /boot that is too small": (
        "disk-image",
        (),
        {"BOOT_PARTITION_SIZE": "2M"},
        "the content of BOOT does not fit on the disk\n  why:  ",
    ),
    "systemd-boot without its programs": (
        "disk-image",
        (),
        {"BOOTLOADER": "systemd-boot"},
        "the root has no ukify, so systemd-boot can't start its kernels\n  at:   chroot/usr/bin/",
    ),
    "systemd-boot with a partition for /boot": (
        "disk-image",
        (),
        {"BOOTLOADER": "systemd-boot", "BOOT_PARTITION_SIZE": "1G"},
        "BOOT_PARTITION_SIZE is set, but systemd-boot uses no such partition\n",
    ),
    "no boot loader of this name": (
        "disk-image",
        (),
        {"BOOTLOADER": "lilo"},
        "BOOTLOADER is 'lilo'\n",
    ),
    "no serial port": (
        "disk-image",
        (),
        {"SERIAL_CONSOLE": "COM1"},
        "SERIAL_CONSOLE is 'COM1', which is no serial port\n",
    ),
    "a unified image without a kernel": (
        "uki",
        (f"boot/vmlinuz-{KERNEL}",),
        {},
        "there is no kernel to make a unified image of\n  at:   chroot/boot\n",
    ),
    "a unified image for nobody's firmware": (
        "uki",
        (),
        {"ARCH": "riscv64"},
        "there is no UEFI on riscv64 to make a unified image of\n",
    ),
    "no size": ("disk-image", (), {"IMAGE_SIZE": "big"}, "IMAGE_SIZE is 'big', which is no size\n"),
    "a faulty program in the root": (
        "disk-image",
        ("usr/bin/grub-mkimage",),
        {},
        "`grub-mkimage -O i386-pc ",
    ),
    "qcow2 without a disk": (
        "qcow2-image",
        (),
        {},
        f"there is no disk to make a qcow2 of\n  at:   {DISK}\n",
    ),
    "a VMDK without a disk": (
        "vmdk-image",
        (),
        {},
        f"there is no disk to make a VMDK of\n  at:   {DISK}\n",
    ),
    "an OVA without a VMDK": (
        "ova-image",
        (),
        {},
        "there is no VMDK to put into an OVA\n  at:   livecd.test.vmdk\n",
    ),
    "a VHD without a disk": (
        "azure-image",
        (),
        {},
        f"there is no disk to make a VHD of\n  at:   {DISK}\n",
    ),
    "a box without a disk": (
        "vagrant",
        (),
        {},
        f"there is no disk to make Vagrant boxes of\n  at:   {DISK}\n",
    ),
    "squashfs without a root": (
        "squashfs",
        (),
        {},
        "there is no root to pack\n  at:   rootfs.dir\n",
    ),
    "no wish for a compression": (
        "squashfs",
        (),
        {"COMPRESSION": "tiny"},
        "COMPRESSION is 'tiny'\n  help: one of fast, balanced, small\n",
    ),
    "no compression": (
        "squashfs",
        (),
        {"SQUASHFS_COMPRESSION": "rar"},
        "SQUASHFS_COMPRESSION is 'rar'\n  help: one of zstd, xz\n",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_one_message_and_leaves_nothing(new_build: NewBuild, fault: str) -> None:
    hook, removed, variables, message = FAULTS[fault]
    build = new_build(**{**SMALL, **variables})
    for name in removed:
        subprocess.run(["rm", "-r", build.build / "chroot" / name], check=True)
    ended = build.hook(hook)
    assert ended.returncode != 0
    assert ended.stderr.startswith(f"{hook}.binary: {message}")
    assert "Traceback" not in ended.stderr
    assert not (build.build / DISK).exists()
    assert build.left() == []


def test_a_full_disk(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    small = 'mkdir binary && mount -t tmpfs -o size=2M none binary && exec "$@"'
    ended = build.start("disk-image", ("unshare", "--mount", "sh", "-euc", small, "sh"), {})
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert build.left() == []


def test_without_root(new_build: NewBuild) -> None:
    build = new_build()
    # Only this one right is taken away: root may read a checkout that others may not.
    unable = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
    ended = build.start("disk-image", unable, {})
    assert ended.returncode == 1
    assert "an image step needs root, or a user namespace" in ended.stderr
