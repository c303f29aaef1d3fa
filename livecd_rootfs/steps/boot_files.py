"""The step that makes ``.kernel-*`` and ``.initrd-*``: what a machine without a boot loader starts.

Firecracker, libvirt and others load a kernel and its initramfs from the host.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import artifact, kernels, rooted
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel

# The end of the archive that an initramfs is (kernel documentation,
# driver-api/early-userspace/buffer-format): one with nothing in it.
_TRAILER = b"TRAILER!!!\0"
EMPTY_INITRAMFS = (
    b"070701" + b"0" * 32 + b"00000001" + b"0" * 48 + b"%08X" % len(_TRAILER) + b"0" * 8 + _TRAILER
).ljust(124, b"\0")


def run(context: Context) -> str:
    """Make ``.kernel-FLAVOUR`` and ``.initrd-FLAVOUR``, from the newest kernel of that flavour.

    Where the kernel needs no initramfs the file is one with nothing in it, for
    those that ask for one.

    Returns:
        what was made, in one line.

    Raises:
        LivecdError: there is no kernel.
    """
    kernel = chosen(kernels.installed(context.chroot), context.flavour)
    if kernel is None:
        raise LivecdError("the root has no kernel", place="chroot/boot")
    image = context.artifact(".kernel-${FLAVOUR}")
    initrd = context.artifact(".initrd-${FLAVOUR}")
    boot = rooted.resolve(context.chroot, "boot")
    with artifact.appearing(image) as part:
        shutil.copyfile(boot / kernel.image, part)
    with artifact.appearing(initrd) as part:
        if kernel.initrd is None:
            part.write_bytes(EMPTY_INITRAMFS)
        else:
            shutil.copyfile(boot / kernel.initrd, part)
    size = units.size(image.stat().st_size + initrd.stat().st_size)
    return f"{image.name}, {initrd.name}: {size}, Linux {kernel.version}"


def chosen(found: Sequence[Kernel], flavour: str) -> Kernel | None:
    """The newest kernel of a flavour; the newest of all where none says so in its version.

    Debian's version numbers end in the flavour and the architecture, as in
    ``6.12.9-cloud-amd64``; the generic one has the architecture alone.
    """
    named = [each for each in found if _named(each.version) == flavour]
    return next(iter((*named, *found)), None)


def _named(version: str) -> str:
    match = re.search(r"-(cloud|generic|virtual|kvm)(-|$)", version)
    return match[1] if match else "generic"
