"""The command lines of ``livecd-rootfs inspect`` and ``livecd-rootfs diff``."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livecd_rootfs.cli.options import Cache, ToolsMode, ToolsOption
from livecd_rootfs.errors import EXIT_FAILURE, LivecdError

if TYPE_CHECKING:
    from livecd_rootfs.commands.inspect import Place

# What diff(1) ends with when it could not compare.
_TROUBLE = 2


class DataForm(StrEnum):
    """Forms of what was found."""

    text = "text"
    json = "json"


_Form = Annotated[DataForm, typer.Option("--format", help="How to show it.")]


def inspect(
    artifact: Annotated[
        Path, typer.Argument(metavar="ARTIFACT", help="A file of any format, or a directory.")
    ],
    form: _Form = DataForm.text,
    tools: ToolsOption = ToolsMode.auto,
    cache: Cache = None,
) -> None:
    """Show what is in ARTIFACT, of any format.

    Takes what this program makes and what others do: raw disks, qcow2, vmdk,
    vhd, vhdx, vdi, ova, Vagrant boxes, squashfs, ext4, FAT, tar files of a root
    or a disk, cpio files and initramfs, container images, EFI programs;
    compressed by gzip, xz, zstd or bzip2; and a directory with a root in it.
    Needs no root, loop device or mount. What is unpacked on the way lies in
    TMPDIR, else in /var/tmp.

    \b
    Examples:
      livecd-rootfs inspect out/livecd.debian-cpc.img
      livecd-rootfs inspect vendor.ova --format json
    """
    from livecd_rootfs.commands import inspect as command

    sys.stdout.write(command.inspect(artifact, _place(tools, cache), form=form.value))


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="A file of any format.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another, also of another format.")],
    form: _Form = DataForm.text,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all differences, not the first few of each kind.")
    ] = False,
    tools: ToolsOption = ToolsMode.auto,
    cache: Cache = None,
) -> None:
    """Show what A and B differ in.

    Of a file its kind, mode, owner, size, link target, extended attributes
    (capabilities by name) and content count, not its times and ACLs. Formats
    don't count, so a qcow2 can be compared with a squashfs.
    The exit status is that of diff(1): 0 if they hold the same, 1 if not, 2 if
    one of them can't be read.

    \b
    Examples:
      livecd-rootfs diff yesterday.img today.img
      livecd-rootfs diff out/livecd.debian-cpc.squashfs out/livecd.debian-cpc.img --all
    """
    from livecd_rootfs.commands import inspect as command

    place = _place(tools, cache)
    try:
        said, status = command.diff(before, after, place, form=form.value, everything=everything)
    except LivecdError as error:
        if error.exit_code == EXIT_FAILURE:
            error.exit_code = _TROUBLE
        raise
    sys.stdout.write(said)
    raise typer.Exit(status)


def _place(tools: ToolsMode, cache: Path | None) -> Place:
    from livecd_rootfs.commands.inspect import Place
    from livecd_rootfs.settings import cache_directory
    from livecd_rootfs.signals import raise_on_signals
    from livecd_rootfs.tools import Mode
    from livecd_rootfs.userns import become_root

    raise_on_signals()
    return Place(
        mode=Mode(tools.value),
        cache=lambda: cache_directory(cache, os.environ),
        environ=os.environ,
        become_root=lambda: become_root(os.environ, sys.argv[1:]),
        tell=_tell,
    )


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
