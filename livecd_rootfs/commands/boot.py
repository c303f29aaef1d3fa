"""``livecd-rootfs boot``: see an image boot, or look into it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.boot import check, interactive
from livecd_rootfs.boot.command import emulator_for
from livecd_rootfs.boot.request import Request, Result
from livecd_rootfs.commands import tools
from livecd_rootfs.errors import UsageError
from livecd_rootfs.tools import Mode, Toolbox
from livecd_rootfs.units import duration

# What a boot runs beside the emulator.
NEEDED = ("qemu-img", "mformat", "mcopy", "ssh", "ssh-keygen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where tools come from, and where they and what is known of KVM are kept."""

    mode: Mode
    cache: Path
    environ: Mapping[str, str]


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
    """
    box = toolbox(request, place, _tell)
    result = check.boot_image(
        request, box, progress=_tell, on_console=_show if show_console else _ignore
    )
    return summary(request, result)


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
    terminal = interactive.Terminal()
    if by == "console":
        interactive.console(request, box, terminal, progress=_tell)
        return 0
    return interactive.shell(request, box, terminal, progress=_tell)


def summary(request: Request, result: Result) -> str:
    """What a boot showed, line by line."""
    lines = [
        (
            f"{request.image.name} booted: {result.until.value} reached after "
            f"{duration(result.seconds)}"
        ),
        f"  proof:     {result.proof.value}",
        f"  firmware:  {result.firmware.value}",
        (
            f"  emulator:  {result.emulator}, {result.accelerator.value} "
            f"({result.accelerator_reason})"
        ),
    ]
    if result.kernel:
        lines.append(f"  kernel:    {result.kernel}")
    if result.secure_boot is not None:
        lines.append(f"  secure boot: {'enabled' if result.secure_boot else 'disabled'}")
    if result.screenshot:
        lines.append(f"  screen:    {result.screenshot}")
    if result.log:
        lines.append(f"  console:   {result.log}")
    return "\n".join(lines) + "\n"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _show(chunk: bytes) -> None:
    sys.stderr.buffer.write(chunk)
    sys.stderr.flush()


def _ignore(chunk: bytes) -> None:
    del chunk
