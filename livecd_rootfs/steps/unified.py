"""A unified kernel image: kernel, initramfs and command line in one program for UEFI.

See the UAPI group's specification "Unified Kernel Image". It is put together by
ukify(1) from a stub, systemd-stub(7).
"""

from __future__ import annotations

from livecd_rootfs.steps import commandline, layout
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.kernels import Kernel
from livecd_rootfs.values import Value

STUBS = "usr/lib/systemd/boot/efi"


class Image(Value):
    """What goes into one; the paths are those that ukify sees.

    Attributes:
        kernel: the kernel's file.
        initrd: its initramfs; ``None`` if it needs none.
        version: what ``uname -r`` will say.
        command_line: the kernel's arguments.
        os_release: the system's os-release(5).
        architecture: in UEFI's words, such as ``x64``.
        stub: systemd-stub; ``None`` is the one that ukify finds by itself.
    """

    kernel: str
    initrd: str | None
    version: str
    command_line: str
    os_release: str
    architecture: str
    stub: str | None = None


def argv(image: Image, output: str, *, key: str = "", certificate: str = "") -> list[str]:
    """The command line of ukify.

    Args:
        image: what goes in.
        output: the file to make.
        key: who signs it; empty for nobody.
        certificate: that one's certificate.
    """
    signing = (
        *("--signtool=systemd-sbsign", f"--secureboot-private-key={key}"),
        *(f"--secureboot-certificate={certificate}", "--no-sign-kernel"),
    )
    return [
        *("ukify", "build", f"--linux={image.kernel}"),
        *((f"--initrd={image.initrd}",) if image.initrd else ()),
        *(f"--uname={image.version}", f"--cmdline={image.command_line}"),
        *(f"--os-release=@{image.os_release}", f"--efi-arch={image.architecture}"),
        *((f"--stub={image.stub}",) if image.stub else ()),
        *(signing if key else ()),
        f"--output={output}",
    ]


def arguments(context: Context, kernel: Kernel) -> str:
    """A kernel's arguments for the root of this build's disk, by label.

    A kernel without an initramfs knows no labels, only the partition's id.
    """
    guid = context.id(f"partition {layout.ROOT}")
    root = f"LABEL={context.label}" if kernel.initrd else f"PARTUUID={guid}"
    return f"root={root} ro {commandline.of(context)}".rstrip()
