"""A disk image as qemu-img sees it, and the throw-away overlay over it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import units
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.process import CommandError
from livecd_rootfs.tools import Toolbox

# What this program makes; others, such as a text file that qemu takes for raw, are refused.
FORMATS = ("raw", "qcow2", "vmdk", "vpc", "vdi", "vhdx")
_SECTOR = 512


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


def inspect(path: Path, toolbox: Toolbox) -> Image:
    """What an image is.

    Raises:
        LivecdError: it is not there, not readable, or no disk image.
    """
    absolute = path.absolute()
    if not absolute.is_file():
        why = "it is a directory" if absolute.is_dir() else "there is no such file"
        raise LivecdError(f"{path} can't be booted", why=why)
    asked = ("qemu-img", "info", "--output=json", "-U", "--", absolute)
    try:
        answer = toolbox.run(asked, cwd=Path("/"), show=(absolute,))
    except CommandError as error:
        said = error.completed.stderr.strip()
        raise LivecdError(f"{path} is no disk image", why=said or None) from error
    found = json.loads(answer.stdout)
    image = Image(path=absolute, format=found["format"], size=int(found["virtual-size"]))
    _check(path, image)
    return image


def _check(path: Path, image: Image) -> None:
    if image.format not in FORMATS:
        known = ", ".join(FORMATS)
        raise LivecdError(f"{path} is a {image.format} image", remedy=f"it must be one of {known}")
    if image.format == "raw" and not _has_boot_signature(image.path):
        raise LivecdError(
            f"{path} is no disk image",
            why="it has none of the formats that qemu-img knows, and no boot sector",
            remedy="compressed images must be unpacked first",
        )


def _has_boot_signature(path: Path) -> bool:
    """Whether a raw disk begins with a boot sector; a GPT's protective one counts, too."""
    with path.open("rb") as stream:
        return stream.read(_SECTOR)[-2:] == b"\x55\xaa"


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
