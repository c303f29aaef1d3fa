"""``livecd-rootfs prune``: the pruner by hand."""

from __future__ import annotations

from pathlib import Path

from livecd_rootfs import prune as pruner
from livecd_rootfs.hooksdir import PROVIDES_FILE
from livecd_rootfs.settings import Settings


def prune(
    directory: Path,
    provides_file: Path | None,
    settings: Settings,
    *,
    dry_run: bool,
    allow_missing: bool,
) -> str:
    """Delete implicit artifacts; gives the report.

    Args:
        directory: a build directory.
        provides_file: the list of what to keep; without it, the directory's own.
        settings: PROJECT and SUBARCH are needed.
        dry_run: change nothing.
        allow_missing: do not mind when a listed artifact was not made.

    Raises:
        LivecdError: the list is missing, or a listed artifact was not made.
    """
    listed = provides_file or directory / "config" / "hooks" / PROVIDES_FILE
    choice = pruner.survey(
        str(directory),
        pruner.read_provides(str(listed)),
        names=pruner.prefixes(settings.text("project"), settings.text("subarch")),
    )
    if not dry_run:
        pruner.prune(str(directory), choice, allow_missing=allow_missing)
    return pruner.report(choice, dry_run=dry_run)
