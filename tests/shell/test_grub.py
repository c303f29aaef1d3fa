"""GRUB's configuration in a root: the host's own, seen through an overlay, so that dpkg works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.conftest import BuildDirectory

SHELLS = ("bash", "dash")
CONFIG = """\
set root='hd0,gpt1'
menuentry 'Debian' {
\tlinux /boot/vmlinuz root=/dev/loop0p1 ro console=ttyS0
\tlinuxefi /boot/vmlinuz root=UUID=0 ro
}
"""


def root(build: BuildDirectory) -> Path:
    for name in ("etc/grub.d", "etc/default/grub.d", "boot/grub"):
        (build.path / "rootfs.dir" / name).mkdir(parents=True)
    config = build.path / "rootfs.dir/boot/grub/grub.cfg"
    config.write_text(CONFIG)
    return config


@pytest.mark.parametrize("shell", SHELLS)
def test_the_root_is_found_by_its_label(build: BuildDirectory, shell: str) -> None:
    config = root(build)
    build.made("replace_grub_root_with_label rootfs.dir", shell)
    assert config.read_text() == CONFIG.replace(
        "root=/dev/loop0p1", "root=LABEL=cloudimg-rootfs"
    ).replace("root=UUID=0", "root=LABEL=cloudimg-rootfs")


def test_a_root_that_asks_for_its_partition_keeps_that(build: BuildDirectory) -> None:
    config = root(build)
    forced = build.path / "rootfs.dir/etc/default/grub.d/40-force-partuuid.cfg"
    forced.write_text("GRUB_FORCE_PARTUUID=1\n")
    build.made("replace_grub_root_with_label rootfs.dir", FS_LABEL="other")
    assert config.read_text() == CONFIG


def test_the_fallback_is_noted_by_a_script_of_grub(build: BuildDirectory) -> None:
    root(build)
    said = build.made(
        "track_initramfs_boot_fallback rootfs.dir\n"
        "rootfs.dir/etc/grub.d/01_track_initrdless_boot_fallback"
    )
    assert "save_env initrdless_boot_fallback_triggered" in said
    assert said.splitlines()[0] == 'if [ "${have_grubenv}" ]; then'


# The hook has a mount namespace of its own: the overlay over the host's root can't be left behind.
SEEN = """
[ "${inside:-}" ] || exec env inside=1 unshare --mount "$0"
mount -t tmpfs none mountpoint
mkdir mountpoint/upper mountpoint/work mountpoint/root
mount -t overlay overlay -o lowerdir=/,upperdir=mountpoint/upper,workdir=mountpoint/work mountpoint/root
. config/functions
root=mountpoint/root
mkdir -p $root/etc/grub.d $root/usr/sbin $root/usr/bin
printf '#!/bin/sh\\necho update-grub: $(cat /etc/default/grub.d/40-force-partuuid.cfg | tail -n 1)\\n' > $root/usr/sbin/update-grub
chmod 755 $root/usr/sbin/update-grub
echo '#!/bin/sh' > $root/etc/grub.d/30_os-prober
printf '#!/bin/sh\\necho lxc\\n' > $root/usr/bin/systemd-detect-virt
chmod 755 $root/usr/bin/systemd-detect-virt
"""


@pytest.mark.root
@pytest.mark.tools("dpkg-divert", "unshare")
@pytest.mark.parametrize("shell", SHELLS)
def test_diversions_come_and_go(build: BuildDirectory, shell: str) -> None:
    status, said = build.run(
        f"""set -eu{SEEN}
        divert_grub $root
        ls $root/etc/grub.d | grep os-prober
        chroot $root systemd-detect-virt || echo no container
        undivert_grub $root
        ls $root/etc/grub.d | grep os-prober
        chroot $root systemd-detect-virt
        undivert_grub $root
        """,
        shell,
    )
    assert (status, said.splitlines()) == (
        0,
        ["30_os-prober.dpkg-divert", "no container", "30_os-prober", "lxc"],
    )


@pytest.mark.root
@pytest.mark.tools("dpkg-divert", "unshare", "sfdisk", "mke2fs", "mkfs.vfat", "mcopy", "fuse2fs")
def test_a_boot_without_initramfs_names_the_partition(
    build: BuildDirectory, devices: dict[str, str]
) -> None:
    status, said = build.run(
        f"""set -eu{SEEN}
        mkdir disk
        mount_image binary/boot/disk-uefi.ext4
        mount_partition $rootfs_dev_mapper disk
        for name in bin lib lib64 usr etc var; do
            mkdir -p disk/$name
            mount --rbind $root/$name disk/$name
        done
        force_boot_without_initramfs disk
        cat disk/etc/default/grub.d/40-force-partuuid.cfg
        """,
        environ=devices,
    )
    uuid = "GRUB_FORCE_PARTUUID=11111111-2222-3333-4444-555555555555"
    assert status == 0, said
    assert f"update-grub: {uuid}" in said.splitlines()
    assert said.splitlines()[-1] == uuid


def test_what_is_on_no_partition_is_left_alone(build: BuildDirectory) -> None:
    root(build)
    said = build.made("force_boot_without_initramfs rootfs.dir")
    assert said.endswith("has no UUID, so nothing is changed\n")
    assert not (build.path / "rootfs.dir/etc/default/grub.d/40-force-partuuid.cfg").exists()
