"""A disk image as qemu-img sees it, and the throw-away overlay over it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.boot.request import Firmware, Request
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.process import CommandError
from livecd_rootfs.tools import Toolbox

# What this program makes; others, such as a text file that qemu takes for raw, are refused.
FORMATS = ("raw", "qcow2", "vmdk", "vpc", "vdi", "vhdx")
# A name that begins with one of QEMU's drivers, but for that of files.
_ELSEWHERE = re.compile(r"(?!file:)[A-Za-z0-9.+-]+:")
_SECTOR = 512
_BOOT_CODE = 440


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A disk image.

    Attributes:
        path: absolute.
        format: QEMU's name for the format.
        size: bytes of the disk that a guest sees.
    """

    path: Path
    format: str
    size: int


def inspect(path: Path, toolbox: Toolbox, name: Path | None = None) -> Image:
    """What an image is.

    Args:
        path: the image.
        toolbox: gives the tools.
        name: what the user calls it, if not so.

    Raises:
        LivecdError: it is not there, not readable, or no disk image.
    """
    absolute, name = path.absolute(), name or path
    if not absolute.is_file():
        other = "it is no plain file" if absolute.exists() else "there is no such file"
        why = "it is a directory" if absolute.is_dir() else other
        raise LivecdError(f"{name} can't be booted", why=why)
    asked = ("qemu-img", "info", "--output=json", "-U", "--", absolute)
    try:
        answer = toolbox.run(asked, cwd=Path("/"), show=(absolute,))
    except CommandError as error:
        said = error.completed.stderr.strip()
        raise LivecdError(f"{name} is no disk image", why=said or None) from error
    found = json.loads(answer.stdout)
    _check_needs(name, found)
    image = Image(path=absolute, format=found["format"], size=int(found["virtual-size"]))
    _check(name, image)
    return image


def _check_needs(name: Path, found: Mapping[str, object]) -> None:
    """See that QEMU will open nothing for it but files: not what it names in the network."""
    if found.get("encrypted"):
        raise LivecdError(
            f"{name} is encrypted", remedy="boot what `qemu-img convert` makes of it, decrypted"
        )
    below = str(found.get("full-backing-filename", ""))
    if _ELSEWHERE.match(below):
        raise LivecdError(
            f"{name} can't be booted",
            why=f"it lies over {below}, and no place in the network is opened for an image's sake",
            remedy="make one whole image of it with `qemu-img convert`, if you trust it",
        )


def _check(name: Path, image: Image) -> None:
    if image.format not in FORMATS:
        known = ", ".join(FORMATS)
        raise LivecdError(f"{name} is a {image.format} image", remedy=f"it must be one of {known}")
    if image.format == "raw" and not _has_boot_signature(image.path):
        raise LivecdError(
            f"{name} is no disk image",
            why="it has none of the formats that qemu-img knows, and no boot sector",
            remedy=f"`livecd-rootfs inspect {shlex.quote(str(name))}` tells what it is",
        )


def _has_boot_signature(path: Path) -> bool:
    """Whether a raw disk begins with a boot sector; a GPT's protective one counts, too."""
    with path.open("rb") as stream:
        return stream.read(_SECTOR)[-2:] == b"\x55\xaa"


def has_boot_code(image: Image, toolbox: Toolbox) -> bool:
    """Whether a BIOS finds a program at the disk's beginning.

    The first 440 bytes are its place (UEFI specification, 5.2.1); a disk for UEFI alone
    has nothing there.

    Raises:
        CommandError: the image can't be read.
    """
    look = f"read -P 0 -s 0 -l {_BOOT_CODE} 0 {_SECTOR}"
    asked = ("qemu-io", "-r", "-U", "-f", image.format, "-c", look, image.path)
    found = toolbox.run(asked, cwd=Path("/"), show=(image.path,), check=False)
    if found.status not in {0, 1}:
        raise CommandError(found)
    return "verification failed" in found.stdout


def with_firmware(request: Request, toolbox: Toolbox) -> Request:
    """The request with a firmware that can start the image, where it names none.

    Raises:
        LivecdError: the image can't be read.
    """
    if request.firmware is not Firmware.AUTO:
        return request
    found = inspect(request.disk, toolbox)
    by_bios = request.architecture == "amd64" and has_boot_code(found, toolbox)
    return replace(request, firmware=Firmware.BIOS if by_bios else Firmware.UEFI)


def overlay_command(image: Image, overlay: Path, size: int | None) -> tuple[str, ...]:
    """The command that makes an overlay, which gets all that the guest writes.

    Args:
        image: what it lies over.
        overlay: the file to make.
        size: bytes of the disk that the guest sees; ``None`` is the image's own.

    Raises:
        UsageError: the disk would end within the image.
    """
    if size is not None and size < image.size:
        raise UsageError(
            f"a disk of {units.size(size)} has no room for {image.path.name}",
            why=f"it is the image of a disk of {units.size(image.size)}",
        )
    options = ("-q", "-f", "qcow2", "-F", image.format, "-b", str(image.path))
    return ("qemu-img", "create", *options, str(overlay), *((str(size),) if size else ()))
