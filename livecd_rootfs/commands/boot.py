"""``livecd-rootfs boot``: see an image boot, or look into it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from livecd_rootfs.boot import check, interactive
from livecd_rootfs.boot.command import emulator_for
from livecd_rootfs.boot.request import Request, Result
from livecd_rootfs.commands import tools
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.inspection import bench, nested
from livecd_rootfs.inspection.unreadable import Unreadable
from livecd_rootfs.progress.guest import GuestLine
from livecd_rootfs.tools import Mode, Toolbox
from livecd_rootfs.units import byte_count, duration

# What a boot runs beside the emulator.
NEEDED = ("qemu-img", "mformat", "mcopy", "ssh", "ssh-keygen", "zstd")
# Enough for the greeting above a login prompt, which may say one thing twice.
LINES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where tools come from, and where they and what is known of KVM are kept."""

    mode: Mode
    cache: Path
    environ: Mapping[str, str]


def disk_size(text: str | None) -> int | None:
    """The bytes of a disk as a user writes them.

    Raises:
        UsageError: it is no size.
    """
    if text is None:
        return None
    try:
        return byte_count(text)
    except ValueError:
        raise UsageError(f"--disk-size {text} is no size", remedy="such as 8G") from None


@contextmanager
def unpacked(request: Request, toolbox: Toolbox) -> Iterator[Request]:
    """The request with the disk that is in its image, which is gone when the block is left.

    Raises:
        LivecdError: the image is damaged, or has no disk in it.
    """
    if not (request.image.is_file() and _is_packed(request.image)):
        yield request
        return
    with bench.opened(toolbox) as at:
        _tell(f"unpacking {request.image.name}")
        try:
            disk = nested.disk(at, request.image.absolute())
        except Unreadable as error:
            raise error.about(f"{request.image} can't be booted") from error
        except OSError as error:
            raise LivecdError(
                f"{request.image} can't be unpacked",
                why=error.strerror,
                remedy="name a directory with room for the disk in TMPDIR",
            ) from error
        yield replace(request, unpacked=disk)


def _is_packed(image: Path) -> bool:
    """Whether there may be a disk in it; what can't be read is told of by who boots it."""
    try:
        return nested.is_packed(image)
    except Unreadable:
        return False


def toolbox(request: Request, place: Place, progress: Callable[[str], None]) -> Toolbox:
    """The tools for a boot; the tools root is made if the host's won't do.

    Raises:
        LivecdError: they can't be had.
    """
    needed = Toolbox(mode=place.mode).needs_root((emulator_for(request.architecture), *NEEDED))
    if not needed:
        return Toolbox(mode=place.mode)
    root = tools.ensure(place.cache, request.architecture, place.environ, progress)
    return Toolbox(mode=place.mode, root=root)


def until(request: Request, place: Place, *, show_console: bool) -> str:
    """Boot until the request's goal; gives a summary in a few lines.

    Raises:
        BootFailed: the guest did not come so far.
        LivecdError: what was asked for can't be written, or the image can't be booted.
    """
    _must_have_room_for(request.screenshot)
    box = toolbox(request, place, _tell)
    with unpacked(request, box) as asked, closing(GuestLine(sys.stderr)) as guest:
        result = check.boot_image(
            asked, box, progress=guest.tell, on_console=_show if show_console else guest
        )
        seen = tuple(dict.fromkeys(guest.last_lines(LINES_SHOWN + 1)))[-LINES_SHOWN:]
    return summary(request, result, seen)


def _must_have_room_for(screenshot: Path | None) -> None:
    """It is taken at the end of a boot, and must not fail only then."""
    if screenshot is None:
        return
    folder = screenshot.absolute().parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        why = "it can't be written to" if folder.is_dir() else "there is no such directory"
        raise LivecdError("the screenshot can't be written", place=str(folder), why=why)


def look(request: Request, place: Place, *, by: str) -> int:
    """Give the user the guest's console or a shell in it; gives an exit status.

    Raises:
        UsageError: there is no terminal to give it to.
    """
    if by == "console" and not sys.stdin.isatty():
        raise UsageError(
            "--console needs a terminal", remedy="leave it out to only see the image boot"
        )
    box = toolbox(request, place, _tell)
    with unpacked(request, box) as asked:
        return _look(asked, box, by=by)


def _look(request: Request, box: Toolbox, *, by: str) -> int:
    terminal = interactive.Terminal()
    if by == "console":
        interactive.console(request, box, terminal, progress=_tell)
        _tell("\nthe guest is gone, with all that it wrote")
        return 0
    with closing(GuestLine(sys.stderr)) as guest:
        return interactive.shell(
            request, box, terminal, progress=_until_login(guest), on_console=guest
        )


def _until_login(guest: GuestLine) -> Callable[[str], None]:
    """Tell what goes on; what is told once the guest has printed is that the shell begins."""

    def tell(line: str) -> None:
        if guest.last_lines(1):
            guest.close()
        guest.tell(line)

    return tell


def summary(request: Request, result: Result, seen: Sequence[str] = ()) -> str:
    """What a boot showed, line by line.

    Args:
        request: what was asked for.
        result: how it went.
        seen: the last lines of the guest's console.
    """
    rows = {
        "proof": result.proof.value,
        "firmware": _firmware(result),
        "emulator": f"{result.emulator}, {result.accelerator.value}",
        "kernel": result.kernel,
        "screen": result.screenshot,
        "console": result.log,
    }
    came = f"{result.until.value} reached after {duration(result.seconds)}"
    lines = [
        *(f"  | {line}" for line in seen),
        f"{request.image.name} booted: {came}",
        *(f"  {name + ':':9} {said}" for name, said in rows.items() if said),
    ]
    return "\n".join(lines) + "\n"


def _firmware(result: Result) -> str:
    if result.secure_boot is None:
        return result.firmware.value
    return f"{result.firmware.value}, Secure Boot {'on' if result.secure_boot else 'off'}"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _show(chunk: bytes) -> None:
    sys.stderr.buffer.write(chunk)
    sys.stderr.flush()
