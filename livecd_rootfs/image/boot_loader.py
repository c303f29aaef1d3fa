"""The step that puts a boot loader into the image: systemd-boot, or GRUB.

What will be on the EFI system partition lies in the root's /boot/efi until the disk is
made, so that later steps see it and can change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from livecd_rootfs.image import artifacts, bootplan, enrolment
from livecd_rootfs.image.bootplan import ESP
from livecd_rootfs.steps import bootable, esp, fstab, osrelease, overlay, rooted, systemd_boot, vfat
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.signing import Signer
from livecd_rootfs.steps.vfat import File
from livecd_rootfs.variants import GRUB


def run(context: Context) -> str:
    """Put the boot loader into the root.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: the root has no boot loader, or signing failed.
    """
    plan = bootplan.of(context)
    if not plan.boots:
        return f"boot-loader: nothing to do, {plan.why}"
    if context.bootloader == GRUB:
        boot = bootable.prepare(context, context.chroot, bootable.where(context, separate=False))
        _place(context.chroot, boot.esp)
        return f"boot-loader: GRUB, for {boot}"
    signer = bootplan.signer(context)
    files = _systemd_boot(context, signer)
    _place(context.chroot, files)
    _mount(context, context.chroot)
    output = artifacts.of(context.variables)
    if not output.verity:
        token = osrelease.read(context.chroot).get("ID", "linux")
        apart = not (output.unified and systemd_boot.can_unify(context.chroot))
        newest = plan.kernels[0]
        systemd_boot.tell_kernel_install(context, context.chroot, newest, token, apart=apart)
    keys = any(file.path.suffix == ".auth" for file in files)
    return (
        "boot-loader: systemd-boot"
        + (", signed" if signer else "")
        + (", with keys to enrol" if keys else "")
    )


def _systemd_boot(context: Context, signer: Signer | None) -> tuple[File, ...]:
    suffix = esp.FIRMWARE[context.arch].suffix
    with overlay.scratch(context) as staging:
        plain = rooted.resolve(context.chroot, systemd_boot.program(suffix))
        program = _program(context, plain, signer, staging)
        enrol = signer is not None and context.variables.get("SECURE_BOOT_AUTO_ENROLL") != "no"
        keys = tuple(enrolment.files(context, signer, staging)) if signer and enrol else ()
    return (
        File(path=PurePosixPath("EFI/BOOT", f"BOOT{suffix.upper()}.EFI"), content=program),
        File(path=PurePosixPath("EFI/systemd", f"systemd-boot{suffix}.efi"), content=program),
        File(path=PurePosixPath(systemd_boot.LOADER_CONF), content=systemd_boot.SETTINGS),
        *keys,
    )


def _program(context: Context, plain: Path, signer: Signer | None, staging: Path) -> bytes:
    """systemd-boot as the package has it, or signed."""
    if signer is None:
        return plain.read_bytes()
    signed = staging / "signed.efi"
    keys = ("--key", str(signer.key), "--cert", str(signer.certificate))
    context.tools.run(
        ("sbsign", *keys, "--output", str(signed), str(plain)),
        env=context.environment(),
        cwd=context.build,
        bind=(*signer.files, staging),
    )
    return signed.read_bytes()


def _place(root: Path, files: Iterable[File]) -> None:
    for file in files:
        rooted.write(root, f"{ESP}/{file.path}", file.content)


def _mount(context: Context, root: Path) -> None:
    """Write /etc/fstab; a root with verity is mounted by the initramfs, and never writable."""
    mounts = fstab.mounts(context.label, esp=vfat.LABEL)
    if artifacts.of(context.variables).verity:
        mounts = tuple(mount for mount in mounts if mount.target != "/")
    rooted.write(root, "etc/fstab", fstab.merged(rooted.text(root, "etc/fstab"), mounts))
