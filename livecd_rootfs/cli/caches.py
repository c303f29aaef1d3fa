"""The command line of ``livecd-rootfs cache``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from livecd_rootfs.cli.options import Cache

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, measure, shrink and check what is cached.",
)


def _directory(cache: Cache) -> Path:
    from livecd_rootfs.settings import cache_directory
    from livecd_rootfs.userns import become_root

    become_root(os.environ, sys.argv[1:])
    return cache_directory(cache, os.environ)


@app.command("ls")
def listing(cache: Cache = None) -> None:
    """List layers, those used longest ago first, and tools roots."""
    from livecd_rootfs.commands import cache as command

    sys.stdout.write(command.listing(_directory(cache)))


@app.command("du")
def sums(cache: Cache = None) -> None:
    """Say how much room layers and tools roots take."""
    from livecd_rootfs.commands import cache as command

    sys.stdout.write(command.sums(_directory(cache)))


@app.command("gc")
def collect(
    max_size: Annotated[
        str | None, typer.Option("--max-size", metavar="SIZE", help="What may stay, as in 20G.")
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option("--max-age", metavar="TIME", help="Since its last use, as in 30d or 12h."),
    ] = None,
    cache: Cache = None,
) -> None:
    """Remove those used longest ago; none that is in use."""
    from livecd_rootfs.commands import cache as command

    sys.stdout.write(command.collect(_directory(cache), max_size, max_age))


@app.command("verify")
def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Remove what is bad, so that it is made again.")
    ] = False,
    cache: Cache = None,
) -> None:
    """Read every layer and compare it with its seal."""
    from livecd_rootfs.commands import cache as command

    sys.stdout.write(command.check(_directory(cache), repair=repair))


@app.command("seal", hidden=True)
def seal(cache: Cache = None) -> None:
    """Seal what has no seal yet; a build has this done beside itself."""
    from livecd_rootfs.commands import cache as command

    command.seal_all(_directory(cache))
