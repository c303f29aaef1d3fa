"""What functions make of a root or of a disk, and what they say when they can't."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from livecd_rootfs import shell
from tests.shell.conftest import BuildDirectory

SHELLS = ("bash", "dash")
STATUS = "Package: base\nStatus: install ok installed\nArchitecture: all\nVersion: 1.2-3\n\n"
pytestmark = pytest.mark.tools("sfdisk", "mke2fs", "mkfs.vfat", "mcopy")


@pytest.fixture
def root(build: BuildDirectory) -> Path:
    """The chroot of a build, of one package and few files."""
    folder = build.path / "chroot"
    (folder / "var/lib/dpkg").mkdir(parents=True)
    (folder / "var/lib/dpkg/status").write_text(STATUS)
    (folder / "etc").mkdir()
    (folder / "etc/os-release").write_text('NAME=Test\nVERSION_ID="24.04"\n')
    return folder


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("shell", SHELLS)
def test_manifest_and_filelist(build: BuildDirectory, shell: str) -> None:
    build.made("create_manifest chroot livecd.x.manifest\ncreate_manifest chroot other", shell)
    assert (build.path / "livecd.x.manifest").read_text() == "base\t1.2-3\n"
    files = (build.path / "livecd.x.filelist").read_text().splitlines()
    assert files[0] == "."
    assert "./var/lib/dpkg/status" in files
    assert files == sorted(files)
    assert (build.path / "other.filelist").read_text().splitlines() == files


@pytest.mark.usefixtures("root")
@pytest.mark.tools("mksquashfs", "unsquashfs")
@pytest.mark.parametrize("shell", SHELLS)
def test_squashfs(build: BuildDirectory, shell: str) -> None:
    (build.path / "config/squashfs-exclude-files").write_text("var\n")
    build.made('create_squashfs chroot "$PWD/livecd.x.squashfs"', shell, SOURCE_DATE_EPOCH="1")
    listing = subprocess.run(["unsquashfs", "-l", "livecd.x.squashfs"], cwd=build.path,
                             capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert "squashfs-root/etc/os-release" in listing
    assert "squashfs-root/var" not in listing


@pytest.mark.tools("qemu-img")
@pytest.mark.parametrize("shell", SHELLS)
def test_qcow2(build: BuildDirectory, shell: str) -> None:
    said = build.made("convert_to_qcow2 binary/boot/disk-uefi.ext4 livecd.x.img", shell)
    assert "virtual size: 48 MiB" in said
    assert same(build, "livecd.x.img")


def same(build: BuildDirectory, image: str) -> bool:
    compare = ["qemu-img", "compare", "binary/boot/disk-uefi.ext4", image]
    return subprocess.run(compare, cwd=build.path, capture_output=True, check=False).returncode == 0


def descriptor(image: Path) -> str:
    return image.read_bytes()[512 : 21 * 512].rstrip(b"\0").decode()


@pytest.mark.tools("qemu-img")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("writer", ["our own", "qemu-img"])
def test_vmdk(build: BuildDirectory, shell: str, writer: str, tmp_path: Path) -> None:
    (tmp_path / "livecd_rootfs.py").write_text("raise ImportError\n")
    environ = {} if writer == "our own" else {"PYTHONPATH": str(tmp_path)}
    build.made(
        "create_vmdk binary/boot/disk-uefi.ext4 livecd.x.vmdk\n"
        "create_vmdk binary/boot/disk-uefi.ext4 small.vmdk 48",
        shell,
        **environ,
    )
    text = descriptor(build.path / "livecd.x.vmdk")
    assert 'createType="streamOptimized"' in text
    assert text.count('ddb.toolsVersion = "2147483647"') == 1
    info = subprocess.run(["qemu-img", "info", "livecd.x.vmdk"], cwd=build.path,
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert "virtual size: 10 GiB" in info
    assert same(build, "small.vmdk")
    assert sorted(path.name for path in build.path.glob("*vmdk*")) == [
        "livecd.x.vmdk",
        "small.vmdk",
    ]


@pytest.mark.tools("qemu-img")
def test_the_header_of_a_foreign_vmdk(build: BuildDirectory) -> None:
    build.made(
        "qemu-img convert -O vmdk -o subformat=streamOptimized binary/boot/disk-uefi.ext4 x.vmdk\n"
        "modify_vmdk_header x.vmdk\nmodify_vmdk_header x.vmdk"
    )
    assert descriptor(build.path / "x.vmdk").count("ddb.toolsVersion") == 1
    assert same(build, "x.vmdk")


@pytest.mark.parametrize(
    ("kind", "file"), [("uefi", "disk-kvm-uefi.ext4"), ("disk", "disk-kvm.ext4")]
)
def test_derivative(build: BuildDirectory, kind: str, file: str) -> None:
    """There is one disk, which boots by BIOS as well."""
    said = build.made(f"create_derivative {kind} kvm\nsh -c 'echo $derivative_img'")
    assert said == f"binary/boot/{file}\n"
    made = build.path / "binary/boot" / file
    assert made.read_bytes() == build.disk.read_bytes()
    assert made.stat().st_blocks * 512 < made.stat().st_size / 2


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("shell", SHELLS)
def test_release_ver(build: BuildDirectory, shell: str) -> None:
    assert build.made('echo "it is $(release_ver)"', shell) == "it is 24.04\n"


def functions() -> Iterator[tuple[str, str]]:
    """Each function for hooks, with the usage that stands above it."""
    comment = ""
    for line in shell.functions().splitlines():
        if line.startswith("# ") and "(" not in line.partition(":")[0]:
            comment = comment or line.removeprefix("# ").partition(":")[0]
        elif line and line[0].isalpha() and line.endswith("() {"):
            yield line.removesuffix("() {"), comment
        elif not line.startswith("#"):
            comment = ""


USAGES = dict(functions())
DESIGN = """create_empty_disk_image make_ext4_partition mount_image mount_partition mount_disk_image
umount_disk_image umount_partition setup_mountpoint teardown_mountpoint mount_overlay clean_loops
create_manifest create_squashfs create_derivative create_vmdk modify_vmdk_header convert_to_qcow2
divert_grub undivert_grub replace_grub_root_with_label force_boot_without_initramfs
track_initramfs_boot_fallback release_ver"""


def test_the_names_that_hooks_know_are_there() -> None:
    assert set(USAGES) == set(DESIGN.split())


@pytest.mark.parametrize("name", sorted(set(USAGES) - {"clean_loops"}))
@pytest.mark.parametrize("shell", SHELLS)
def test_usage(build: BuildDirectory, name: str, shell: str) -> None:
    """It is told in the words that stand above the function."""
    status, said = build.run(f". config/functions\n{name} 1 2 3 4 || echo went on\n", shell)
    assert (status, said) == (2, f"old.binary: usage: {USAGES[name]}\n")


FAILURES = {
    "create_manifest empty x.manifest": "create_manifest: empty has no packages",
    "create_squashfs absent x": "create_squashfs: there is no absent",
    "convert_to_qcow2 absent x": "convert_to_qcow2: there is no absent",
    "convert_to_qcow2 binary/boot/disk-uefi.ext4 absent/x": "absent/x could not be made",
    "create_vmdk absent x": "create_vmdk: there is no absent",
    "create_vmdk binary/boot/disk-uefi.ext4 x 47": (
        "create_vmdk: binary/boot/disk-uefi.ext4 does not fit into 47 MiB"
    ),
    "modify_vmdk_header config/functions": "modify_vmdk_header: config/functions is no VMDK",
    "mount_image absent": "there is no absent",
    "release_ver": "release_ver: there is no chroot/etc/os-release",
    "replace_grub_root_with_label empty": (
        "replace_grub_root_with_label: there is no empty/boot/grub/grub.cfg"
    ),
    "track_initramfs_boot_fallback empty": "track_initramfs_boot_fallback: empty has no GRUB",
    "rm binary/boot/*; create_derivative disk x": (
        "create_derivative: there is no binary/boot/disk-uefi.ext4; "
        "the series file needs `depends disk` above this hook"
    ),
}


@pytest.mark.tools("qemu-img")
@pytest.mark.parametrize("call", FAILURES)
def test_failures(build: BuildDirectory, call: str) -> None:
    """A hook ends there, whether it has said `set -e` or not."""
    (build.path / "empty").mkdir()
    (build.path / "chroot").mkdir()
    before = sorted(build.path.rglob("*"))
    status, said = build.run(f". config/functions\n{call}\necho went on\n")
    assert (status, said.splitlines()[-1]) == (1, f"old.binary: {FAILURES[call]}")
    after = sorted(path for path in build.path.rglob("*") if "hooks.d" not in path.parts)
    assert set(after) <= set(before)


@pytest.mark.parametrize(
    ("call", "tool", "package"),
    [
        ("create_squashfs config x", "mksquashfs", "squashfs-tools"),
        ("convert_to_qcow2 binary/boot/disk-uefi.ext4 x", "qemu-img", "qemu-utils"),
        ("make_ext4_partition binary/boot/disk-uefi.ext4", "mke2fs", "e2fsprogs"),
    ],
)
def test_a_missing_tool(
    build: BuildDirectory, tmp_path: Path, call: str, tool: str, package: str
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for program in ("bash", "sh", "env", "cat", "mkdir", "rm"):
        (few / program).symlink_to(f"/bin/{program}")
    status, said = build.run(f". config/functions\n{call}", environ={"PATH": str(few)})
    name = call.partition(" ")[0]
    wanted = f"old.binary: {name} needs {tool}, which is not here: apt-get install {package}\n"
    assert (status, said) == (1, wanted)


@pytest.mark.tools("qemu-img")
def test_a_tool_of_the_tools_root(build: BuildDirectory, tmp_path: Path) -> None:
    """It runs by its own loader and with its own libraries."""
    tools = tmp_path / "tools"
    (tools / "usr/bin").mkdir(parents=True)
    (tools / "usr/lib/any-linux-gnu").mkdir(parents=True)
    (tools / "usr/lib/ld-linux.so.2").write_text('#!/bin/sh\necho "$@"; touch x.part\n')
    for name in ("usr/lib/ld-linux.so.2", "usr/bin/mksquashfs"):
        (tools / name).touch()
        (tools / name).chmod(0o755)
    few = tmp_path / "few"
    few.mkdir()
    for program in ("bash", "sh", "env", "rm", "mv", "touch"):
        (few / program).symlink_to(f"/bin/{program}")
    said = build.made("create_squashfs config x", PATH=str(few), LIVECD_TOOLS_ROOT=str(tools))
    assert said.startswith(
        f"--library-path {tools}/usr/lib/any-linux-gnu {tools}/usr/bin/mksquashfs config x.part "
    )
    assert (build.path / "x").exists()
