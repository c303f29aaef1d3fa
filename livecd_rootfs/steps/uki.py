"""The step that makes ``.efi``: the newest kernel as a unified kernel image for the disk's root.

A firmware starts it without a boot loader, from any ESP or over the network.
"""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.process import CommandError
from livecd_rootfs.steps import artifact, esp, inventory, kernels, rooted, signing, unified
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.steps.signing import Signer
from livecd_rootfs.steps.unified import Image


def run(context: Context) -> str:
    """Make ``.efi`` and its inventory.

    It mounts the file system labelled FS_LABEL as its root: the one of this
    build's disk. KERNEL_COMMAND_LINE adds arguments, SECURE_BOOT_KEY and
    SECURE_BOOT_CERTIFICATE sign it.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no kernel, or no stub to put before it.
    """
    firmware = esp.FIRMWARE.get(context.arch)
    found = kernels.installed(context.chroot)
    if firmware is None or not found:
        what = "kernel" if firmware else f"UEFI on {context.arch}"
        raise LivecdError(f"there is no {what} to make a unified image of", place="chroot/boot")
    output = context.artifact(".efi")
    signer = signing.of(context)
    with artifact.appearing(output) as part:
        image = _image(context, found[0], firmware.suffix)
        _ukify(context, image, part, signer)
    inventory.write(context, context.chroot, ".efi")
    size, signed = units.size(output.stat().st_size), ", signed" if signer else ""
    return f"{output.name}: {size}, Linux {image.version}{signed}; {image.command_line}"


def _image(context: Context, kernel: Kernel, suffix: str) -> Image:
    """The parts, by paths below the build directory; the root's own stub if it has one."""
    stub = rooted.first_file(context.chroot, f"{unified.STUBS}/linux{suffix}.efi.stub")
    boot = rooted.resolve(context.chroot, "boot")
    release = rooted.resolve(context.chroot, "etc/os-release")
    return Image(
        kernel=_seen(context, boot / kernel.image),
        initrd=_seen(context, boot / kernel.initrd) if kernel.initrd else None,
        version=kernel.version,
        command_line=unified.arguments(context, kernel),
        os_release=_seen(context, release),
        architecture=suffix,
        stub=_seen(context, stub) if stub else None,
    )


def _seen(context: Context, path: Path) -> str:
    return str(path.relative_to(context.build))


def _ukify(context: Context, image: Image, part: Path, signer: Signer | None) -> None:
    keys = {"key": str(signer.key), "certificate": str(signer.certificate)} if signer else {}
    try:
        context.tools.run(
            unified.argv(image, str(part.relative_to(context.build)), **keys),
            env=context.environment(),
            cwd=context.build,
            bind=signer.files if signer else (),
        )
    except CommandError as error:
        stub = f"linux{image.architecture}.efi.stub"
        if stub not in error.completed.stderr:
            raise
        raise LivecdError(
            f"there is no {stub} beside ukify",
            remedy="add systemd-boot-efi to the image's --packages, or take --tools root",
        ) from error
