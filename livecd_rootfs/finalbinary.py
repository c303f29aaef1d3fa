"""The command line of the last binary hook, final.binary, which runs the pruner."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from livecd_rootfs import prune
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import EXIT_FAILURE, LivecdError
from livecd_rootfs.hooksdir import PROVIDES_FILE
from livecd_rootfs.image import artifacts
from livecd_rootfs.series import artifact_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = "final.binary"
DESCRIPTION = """\
Deletes the artifacts livecd.$PROJECT.* and livecd.$PROJECT-$SUBARCH.* of the build directory
that no target of this build provides itself. What the targets provide stands in the file
explicit_provides, which make-hooks writes; when it is empty everything is kept.
"""


def run(argv: Sequence[str], *, script: str, tree: str, environ: Mapping[str, str]) -> Outcome:
    """Prune the build directory.

    Args:
        argv: the command line, without the program's name.
        script: the hook as it was called: maybe a link in the hooks directory.
        tree: the ``hooks.d`` that the hook lies in.
        environ: PROJECT and SUBARCH are read from it, and the settings of the series `image`.

    Raises:
        LivecdError: a listed artifact is missing, or something can't be read or deleted.
        SystemExit: from argparse: help was asked for, or the command line is wrong.
    """
    options = _parser(environ).parse_args(argv)
    path = options.provides_file or _find_provides(_places(script, tree, options.build_dir))
    names = prune.prefixes(options.project, options.subarch)
    choice = prune.survey(
        options.build_dir,
        _asked(prune.read_provides(path), options, environ),
        names=names,
        is_later=prune.never_later if options.strict else prune.made_by_auto_build(names),
    )
    if not options.dry_run:
        prune.prune(options.build_dir, choice, allow_missing=options.allow_missing)
    failed = choice.missing and not options.allow_missing
    return Outcome(
        status=EXIT_FAILURE if failed else 0,
        out=f"[PROVIDES] {path}\n" + prune.report(choice, dry_run=options.dry_run),
        err="",
    )


def _asked(
    provided: Sequence[str], options: argparse.Namespace, environ: Mapping[str, str]
) -> Sequence[str]:
    """Of what the series `image` may make, which make-hooks lists, what the settings ask for."""
    prefix = artifact_prefix(options.project, options.subarch)
    return artifacts.asked_names(provided, prefix, environ)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=DESCRIPTION)
    option = parser.add_argument
    option("--dry-run", action="store_true", help="only say what would be deleted")
    option(
        "--allow-missing",
        action="store_true",
        help="do not fail when a provided artifact was not made",
    )
    option(
        "--strict",
        action="store_true",
        help="miss also the artifacts that auto/build makes after the binary hooks; "
        "for the last pruning of a build",
    )
    option("--provides-file", metavar="FILE", help="the list of what the targets provide")
    option("--build-dir", metavar="DIR", default=".", help="default: the current directory")
    option("--project", default=environ.get("PROJECT"), help="default: $PROJECT, or ubuntu-cpc")
    option("--subarch", default=environ.get("SUBARCH"), help="default: $SUBARCH, or none")
    return parser


def _places(script: str, tree: str, build_dir: str) -> tuple[str, ...]:
    """Where explicit_provides may be, best first, without doubles."""
    folders = (
        os.path.dirname(os.path.abspath(script)),  # beside the link that was called
        os.path.join(build_dir, "config", "hooks"),
        os.path.join(os.path.dirname(tree), "hooks"),
        tree,  # where newer versions of the old tool put it
    )
    return tuple(dict.fromkeys(os.path.join(folder, PROVIDES_FILE) for folder in folders))


def _find_provides(places: Sequence[str]) -> str:
    for path in places:
        if os.path.isfile(path):
            return path
    raise LivecdError(
        f"there is no {PROVIDES_FILE}, so nothing is deleted",
        notes=tuple(f"looked for {path}" for path in places),
        remedy="run make-hooks, which writes it, or name it by --provides-file",
    )
