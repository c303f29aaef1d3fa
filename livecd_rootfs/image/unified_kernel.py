"""The step that makes a unified kernel image of each kernel, where systemd-boot finds it.

With UnifiedKernelImages=no kernel and initramfs lie beside each other, with an entry for
the boot loader (UAPI group, Boot Loader Specification, type 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import artifacts, bootplan, times, verity, verity_initrd
from livecd_rootfs.image.bootplan import ESP
from livecd_rootfs.steps import (
    artifact,
    commandline,
    esp,
    osrelease,
    overlay,
    rooted,
    systemd_boot,
    unified,
)
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.steps.unified import Image
from livecd_rootfs.variants import GRUB

_LINUX = f"{ESP}/EFI/Linux"


def run(context: Context) -> str:
    """Make what systemd-boot starts; with Verity the root's file system before it.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: a tool failed, or there is no stub to put before a kernel.
    """
    output, plan = artifacts.of(context.variables), bootplan.of(context)
    root_hash = verity.make(context).root_hash if output.verity else ""
    told = f"; root hash {root_hash}" if root_hash else ""
    if not plan.boots:
        return f"unified-kernel: nothing to do, {plan.why}{told}"
    if context.bootloader == GRUB:
        return f"unified-kernel: nothing to do, GRUB starts kernels by themselves{told}"
    make = _images if output.unified else _entries
    made = tuple(make(context, plan.kernels, root_hash))
    times.clamp(rooted.resolve(context.chroot, ESP), context.epoch)
    return f"unified-kernel: {', '.join(made)}{told}"


def arguments(context: Context, kernel: Kernel, root_hash: str) -> str:
    """A kernel's arguments: where its root is, its consoles, and the user's own."""
    if not root_hash:
        return unified.arguments(context, kernel)
    more = commandline.of(context)
    return f"root={verity_initrd.DEVICE} ro roothash={root_hash} {more}".rstrip()


def token(context: Context) -> str:
    """What the names of kernels on the EFI system partition begin with."""
    return osrelease.read(context.chroot).get("ID", "linux")


def _images(context: Context, kernels: tuple[Kernel, ...], root_hash: str) -> Iterator[str]:
    folder = rooted.resolve(context.chroot, _LINUX)
    folder.mkdir(parents=True, exist_ok=True)
    for kernel in kernels:
        target = folder / f"{token(context)}-{kernel.version}.efi"
        boot = rooted.resolve(context.chroot, "boot")
        initrd = boot / kernel.initrd if kernel.initrd else None
        build(context, target, kernel, initrd, arguments(context, kernel, root_hash))
        yield f"{target.name}, {units.size(target.stat().st_size)}"


def build(
    context: Context, target: Path, kernel: Kernel, initrd: Path | None, command_line: str
) -> None:
    """Put a unified kernel image together, signed with SecureBoot.

    Args:
        context: the build.
        target: the file to make.
        kernel: the kernel, in the root's /boot.
        initrd: its initramfs, in the build directory.
        command_line: its arguments.

    Raises:
        LivecdError: the architecture has no UEFI.
        CommandError: ukify failed.
    """
    firmware = esp.FIRMWARE.get(context.arch)
    if firmware is None:
        raise LivecdError(f"there are no unified kernel images for {context.arch}")
    suffix, signer = firmware.suffix, bootplan.signer(context)
    stub = rooted.first_file(context.chroot, f"{unified.STUBS}/linux{suffix}.efi.stub")
    keys = {"key": str(signer.key), "certificate": str(signer.certificate)} if signer else {}
    with overlay.scratch(context) as staging:
        made = staging / "unified.efi"
        image = Image(
            kernel=str(rooted.resolve(context.chroot, "boot") / kernel.image),
            initrd=str(initrd) if initrd else None,
            version=kernel.version,
            command_line=command_line,
            os_release=str(_os_release(context.chroot, kernel, staging)),
            architecture=suffix,
            stub=str(stub) if stub else None,
        )
        seen = (staging, *(signer.files if signer else ()), *((initrd.parent,) if initrd else ()))
        context.tools.run(
            unified.argv(image, str(made), **keys),
            env=context.environment(),
            cwd=context.build,
            bind=seen,
        )
        with artifact.appearing(target) as part:
            part.write_bytes(made.read_bytes())
    target.chmod(0o644)


def _os_release(root: Path, kernel: Kernel, staging: Path) -> Path:
    """The system's, which in an image also tells the boot loader what is newer than what.

    Where later kernels get entries, which have the kernel's version, it must be that of
    the kernel here, too: by the system's, such as 12, the image would come before them all.
    """
    own = rooted.resolve(root, "etc/os-release")
    if systemd_boot.can_unify(root) or not own.is_file():
        return own
    text = own.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
    copy = staging / "os-release"
    told = f"{text}\nIMAGE_VERSION={kernel.version}\n"
    copy.write_text(told, encoding="utf-8", errors="surrogateescape")
    return copy


def _entries(context: Context, kernels: tuple[Kernel, ...], root_hash: str) -> Iterator[str]:
    boot, name = rooted.resolve(context.chroot, "boot"), token(context)
    title = osrelease.read(context.chroot).get("PRETTY_NAME", name)
    for kernel in kernels:
        folder = f"{name}/{kernel.version}"
        lines = [f"title {title}", f"version {kernel.version}", f"linux /{folder}/linux"]
        rooted.write(context.chroot, f"{ESP}/{folder}/linux", (boot / kernel.image).read_bytes())
        if kernel.initrd:
            content = (boot / kernel.initrd).read_bytes()
            rooted.write(context.chroot, f"{ESP}/{folder}/initrd", content)
            lines.append(f"initrd /{folder}/initrd")
        lines.append(f"options {arguments(context, kernel, root_hash)}")
        entry = f"loader/entries/{name}-{kernel.version}.conf"
        rooted.write(context.chroot, f"{ESP}/{entry}", "".join(f"{line}\n" for line in lines))
        yield entry
