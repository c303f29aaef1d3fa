"""Kernels made ready: by the root's own programs, by given initramfs, from those of earlier builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import kernel_install
from livecd_rootfs.steps.context import Context
from tests.image import outputs
from tests.image.conftest import EPOCH, NewContext
from tests.image.outputs import KERNEL
from tests.steps import builds

pytestmark = pytest.mark.root

FILES = {
    **outputs.PLANTED,
    f"boot/vmlinuz-{KERNEL}": "kernel\n",
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader\n",
}
DISK = {"ARCH": "amd64", "BOOTLOADER": "systemd-boot"}


@pytest.fixture
def prepared(new_context: NewContext) -> Context:
    return context_of(new_context, "build")


def context_of(new_context: NewContext, name: str, **variables: str) -> Context:
    context = new_context(name, **{**DISK, **variables})
    builds.plant(context.chroot, FILES)
    return context


def made(context: Context) -> str:
    return (context.chroot / f"boot/initrd.img-{KERNEL}").read_text()


def test_made_by_the_root_itself(prepared: Context) -> None:
    said = kernel_install.run(prepared)
    assert said == f"kernel-install: Linux {KERNEL}; initrd.img-{KERNEL} made"
    assert made(prepared) == "FSTYPE=ext4\n-c\n"
    boot = prepared.chroot / "boot"
    assert {path.stat().st_mtime for path in (boot, *boot.iterdir())} == {EPOCH}
    assert not (prepared.chroot / "etc/initramfs-tools/conf.d/image-root").exists()


def test_modules_and_verity(new_context: NewContext) -> None:
    context = context_of(new_context, "build", INITRD_MODULES="nvme zram", VERITY="yes")
    kernel_install.run(context)
    assert "nvme\nzram\n" in made(context)
    assert "copy_exec /usr/sbin/veritysetup" in made(context)


def test_verity_needs_programs(new_context: NewContext) -> None:
    context = context_of(new_context, "build", VERITY="yes")
    (context.chroot / "usr/sbin/veritysetup").unlink()
    with pytest.raises(LivecdError, match="has no veritysetup") as caught:
        kernel_install.run(context)
    assert "cryptsetup-bin" in str(caught.value.remedy)


def test_given_ones_are_joined(new_context: NewContext, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"{name}\n")
    given = f"{tmp_path / 'one'}\n{tmp_path / 'two'}\n"
    context = context_of(new_context, "build", INITRDS=given)
    assert kernel_install.run(context).endswith("as it was given")
    assert made(context) == "one\ntwo\n"


def test_an_equal_one_is_not_made_again(new_context: NewContext, tmp_path: Path) -> None:
    kept = {"CACHE_INITRD": "yes", "BUILD_DIRECTORY": str(tmp_path / "kept")}
    first = context_of(new_context, "first", **kept)
    assert kernel_install.run(first).endswith(" made")
    second = context_of(new_context, "second", **kept)
    builds.plant(second.chroot, {"usr/bin/hello": "of the build script\n"})
    assert kernel_install.run(second).endswith(" from an earlier build")
    assert made(second) == made(first)
    third = context_of(new_context, "third", **kept)
    builds.plant(third.chroot, {"etc/modprobe.d/new.conf": "blacklist pcspkr\n"})
    assert kernel_install.run(third).endswith(" made")
    assert len(list((tmp_path / "kept/initrds").iterdir())) == 1


def test_nowhere_to_keep_it(new_context: NewContext) -> None:
    with pytest.raises(UsageError, match="nothing is kept between builds"):
        kernel_install.run(context_of(new_context, "build", CACHE_INITRD="yes"))


def test_a_kernel_beside_its_modules(new_context: NewContext) -> None:
    context = context_of(new_context, "build", BOOTABLE="no")
    builds.plant(context.chroot, {"usr/lib/modules/7.0/vmlinuz": "seven\n",
                                  "usr/lib/modules/7.0/modules.dep": ""})  # fmt: skip
    said = kernel_install.run(context)
    assert said == f"kernel-install: Linux 7.0, {KERNEL}; no initramfs is needed"
    assert (context.chroot / "boot/vmlinuz-7.0").read_text() == "seven\n"


def test_no_kernel(new_context: NewContext) -> None:
    said = kernel_install.run(new_context(**DISK))
    assert said == "kernel-install: nothing to do, the root has no kernel"


@pytest.mark.parametrize("missing", ["usr/sbin/update-initramfs"])
def test_nothing_makes_it(prepared: Context, missing: str) -> None:
    (prepared.chroot / missing).unlink()
    with pytest.raises(LivecdError, match="no program that makes an initramfs"):
        kernel_install.run(prepared)


def test_bootable_and_no_kernel(new_context: NewContext) -> None:
    context = context_of(new_context, "build", BOOTABLE="yes")
    (context.chroot / "usr/lib/systemd/boot/efi/systemd-bootx64.efi").unlink()
    with pytest.raises(LivecdError, match="Bootable=yes, but the root has no systemd-boot"):
        kernel_install.run(context)
