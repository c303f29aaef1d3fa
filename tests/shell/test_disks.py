"""Disk images mounted by hooks in the old style, with loop devices and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.conftest import BuildDirectory

pytestmark = [
    pytest.mark.root,
    pytest.mark.tools("mke2fs", "debugfs", "mkfs.vfat", "mcopy", "sfdisk", "fuse2fs"),
]
SHELLS = ("bash", "dash")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_derivative_is_changed(
    build: BuildDirectory, devices: dict[str, str], shell: str
) -> None:
    untouched = build.disk.read_bytes()
    said = build.made(
        """
        create_derivative uefi vagrant
        mount_disk_image "$derivative_img" mountpoint
        cat mountpoint/usr/sbin/policy-rc.d
        cat mountpoint/boot/efi/EFI/LOADER
        cmp mountpoint/etc/resolv.conf /etc/resolv.conf && echo names are served
        echo text > mountpoint/etc/added
        echo temporary > mountpoint/tmp/gone
        mkdir mountpoint/boot/efi/EFI/debian
        mv mountpoint/boot/efi/EFI/LOADER mountpoint/boot/efi/EFI/debian/grub
        test -c mountpoint/dev/null -a -d mountpoint/proc/1 -a -d mountpoint/sys/class
        umount_disk_image mountpoint
        echo "left: $loop_device$backing_img$rootfs_dev_mapper"
        mv "$derivative_img" binary/boot/disk-uefi.ext4
        """,
        shell,
        **devices,
    )
    lines = [line for line in said.splitlines() if "free blocks" not in line]
    refused = [
        "old.binary: no loop device (losetup: not permitted): works on copies of the partitions"
    ]
    assert lines == [
        *(refused if devices else []),
        *("#!/bin/sh", "exit 101", "a boot loader", "names are served", "left: "),
    ]
    assert build.left() == []
    assert build.fsck() == 0
    assert build.disk.read_bytes() != untouched
    assert build.in_root("cat /etc/added") == "text\n"
    assert "stub-resolv.conf" in build.in_root("stat /etc/resolv.conf")
    listing = build.in_root("ls -p /tmp") + build.in_root("ls -p /usr/sbin")
    assert "gone" not in listing
    assert "policy-rc.d" not in listing
    assert build.in_esp("mtype", "::/EFI/debian/grub") == "a boot loader\n"
    assert "LOADER" not in build.in_esp("mdir", "-b", "::/EFI")


def test_a_disk_is_made_from_nothing(build: BuildDirectory, devices: dict[str, str]) -> None:
    build.made(
        """
        create_empty_disk_image binary/boot/disk.ext4
        printf '%s\\n' 'label: gpt' '1: start=20480, size=65536' | sfdisk --quiet binary/boot/disk.ext4
        mount_image binary/boot/disk.ext4 1
        test -e "${loop_device}p1" -a "$rootfs_dev_mapper" = "${loop_device}p1"
        make_ext4_partition "$rootfs_dev_mapper"
        mkdir new
        mount "$rootfs_dev_mapper" new 2>&1 || fuse2fs "$rootfs_dev_mapper" new
        mkdir new/proc new/sys new/dev new/run new/tmp new/etc
        umount new
        clean_loops
        mount_image binary/boot/disk.ext4
        mount_partition "$rootfs_dev_mapper" mountpoint
        echo text > mountpoint/etc/added
        umount_partition mountpoint
        clean_loops
        rmdir new
        """,
        IMAGE_SIZE="48M",
        FS_LABEL="my-label",
        **devices,
    )
    disk = build.path / "binary/boot/disk.ext4"
    assert disk.stat().st_size == 48 << 20
    assert build.in_root("cat /etc/added", disk) == "text\n"
    assert "Filesystem volume name:   my-label" in build.in_root("show_super_stats -h", disk)
    assert build.fsck(disk) == 0
    assert build.left() == []


def test_free_blocks_are_given_back(build: BuildDirectory, devices: dict[str, str]) -> None:
    build.made(
        """
        mount_disk_image binary/boot/disk-uefi.ext4 mountpoint
        head -c 12M /dev/urandom > mountpoint/large
        sync -f mountpoint
        rm mountpoint/large
        umount_disk_image mountpoint
        """,
        **devices,
    )
    assert build.disk.stat().st_blocks * 512 < 10 << 20


def test_a_root_is_made_ready_and_left_as_it_was(build: BuildDirectory) -> None:
    root = build.path / "rootfs.dir"
    for name in ("proc", "sys", "dev", "run", "tmp", "etc", "var/lib/apt/lists", "srv"):
        (root / name).mkdir(parents=True)
    (root / "etc/resolv.conf").write_text("its own\n")
    build.made(
        """
        setup_mountpoint rootfs.dir
        mount -t tmpfs none rootfs.dir/srv
        touch rootfs.dir/srv/x rootfs.dir/var/lib/apt/lists/list
        teardown_mountpoint rootfs.dir
        """
    )
    assert build.left() == []
    assert (root / "etc/resolv.conf").read_text() == "its own\n"
    assert sorted(path.name for path in (root / "etc").iterdir()) == ["resolv.conf"]
    assert not any((root / "srv").iterdir())
    assert not any((root / "var/lib/apt/lists").iterdir())


@pytest.mark.tools("unshare")
def test_a_root_in_the_namespace_of_a_user(build: BuildDirectory) -> None:
    """What such a namespace was given can't be unmounted in it for itself, as what lies in /sys."""
    root = build.path / "rootfs.dir"
    for name in ("proc", "sys", "dev", "run", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    said = build.made(
        """
        unshare --user --map-root-user --mount --pid --fork bash -euc '
            . config/functions
            setup_mountpoint rootfs.dir
            test -e rootfs.dir/dev/null && test -e rootfs.dir/sys/kernel
            teardown_mountpoint rootfs.dir
            ! mountpoint rootfs.dir/sys && ! mountpoint rootfs.dir/dev'
        """
    )
    assert "left behind" not in said
    assert said.count("is not a mountpoint") == 2
    assert build.left() == []


def test_a_root_without_name_servers_gets_none(build: BuildDirectory) -> None:
    root = build.path / "rootfs.dir"
    for name in ("proc", "sys", "dev", "run", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    build.made("setup_mountpoint rootfs.dir; test -s rootfs.dir/etc/resolv.conf\n"
               "teardown_mountpoint rootfs.dir")  # fmt: skip
    assert not any((root / "etc").iterdir())


@pytest.mark.parametrize("shell", SHELLS)
def test_an_overlay(build: BuildDirectory, shell: str) -> None:
    build.made(
        """
        mkdir lower overlay; echo old > lower/file; echo old > lower/other
        mount_overlay lower overlay/upper mountpoint
        echo new > mountpoint/file
        rm mountpoint/other
        """,
        shell,
    )
    assert (build.path / "lower/file").read_text() == "old\n"
    assert (build.path / "overlay/upper/file").read_text() == "new\n"
    assert build.left() == []


def test_an_overlay_where_the_build_directory_is_one(build: BuildDirectory) -> None:
    """What ``livecd-rootfs build`` gives to hooks; it unmounts all when they end."""
    said = build.made(
        """
        mkdir over
        mount_overlay config over/upper mountpoint
        cd mountpoint
        mkdir lower upper
        touch lower/file
        mount_overlay lower upper lower
        echo new > lower/file
        cat upper/file
        """
    )
    assert said == "new\n"
    assert build.left() == []


def test_which_partitions_there_are(build: BuildDirectory, devices: dict[str, str]) -> None:
    status, said = build.run(
        "set -eu\n. config/functions\nmount_image binary/boot/disk-uefi.ext4 3", environ=devices
    )
    assert status == 1
    assert said.splitlines()[-1] == (
        "old.binary: binary/boot/disk-uefi.ext4 has no partition 3; it has 1 14 15"
    )
    assert build.left() == []


def test_a_file_that_is_no_disk(build: BuildDirectory) -> None:
    status, said = build.run(". config/functions\nmount_image config/functions")
    assert status == 1
    assert said == "old.binary: config/functions has no partition 1; it has none\n"
    assert build.left() == []


def test_nothing_to_mount_in_a_partition(build: BuildDirectory, devices: dict[str, str]) -> None:
    status, said = build.run(
        "set -eu\n. config/functions\nmount_disk_image binary/boot/disk-uefi.ext4 mountpoint 14",
        environ=devices,
    )
    assert status == 1
    assert "p14 can't be mounted" in said.splitlines()[-1]
    assert build.left() == []


def test_a_missing_tool_is_named_with_its_package(build: BuildDirectory, tmp_path: Path) -> None:
    """Without loop devices and fuse2fs, a hook is told what it needs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in ("/usr/bin", "/usr/sbin"):
        for program in Path(folder).iterdir():
            if (
                program.name not in {"fuse2fs", "losetup"}
                and not (programs / program.name).exists()
            ):
                (programs / program.name).symlink_to(program)
    status, said = build.run(
        "set -eu\n. config/functions\nmount_disk_image binary/boot/disk-uefi.ext4 mountpoint",
        environ={"PATH": str(programs)},
    )
    assert status == 1
    assert said.splitlines()[-1].endswith(
        "needs fuse2fs, which is not here: apt-get install fuse2fs"
    )
    assert build.left() == []


def test_a_full_disk(build: BuildDirectory, devices: dict[str, str]) -> None:
    status, said = build.run(
        """
        set -eu
        . config/functions
        mount_disk_image binary/boot/disk-uefi.ext4 mountpoint
        head -c 100M /dev/zero > mountpoint/too-much
        """,
        environ=devices,
    )
    assert status == 1
    assert "No space left on device" in said
    assert build.left() == []


def test_no_room_for_a_derivative(build: BuildDirectory) -> None:
    with build.disk.open("r+b") as disk:
        disk.seek(5 << 20)
        disk.write(bytes(range(1, 256)) * (1 << 13))
    status, said = build.run(
        """
        set -eu
        mount -t tmpfs -o size=1M none mountpoint
        mkdir -p mountpoint/binary/boot
        cp -r config mountpoint/config
        ln -s "$PWD/binary/boot/disk-uefi.ext4" mountpoint/binary/boot/disk-uefi.ext4
        cd mountpoint
        . config/functions
        result=0
        (create_derivative uefi full) || result=$?
        ls -A binary/boot
        cd ..
        umount mountpoint
        exit $result
        """
    )
    assert status == 1
    assert said.splitlines()[-2:] == [
        "old.binary: binary/boot/disk-full-uefi.ext4 could not be made",
        "disk-uefi.ext4",
    ]
    assert build.left() == []
