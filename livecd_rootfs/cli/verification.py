"""The command line of ``livecd-rootfs verify``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from livecd_rootfs.cli.options import (
    BaseOption,
    BuildTargets,
    Cache,
    Given,
    Jobs,
    ToolsMode,
    ToolsOption,
    Tree,
    with_settings,
)


@with_settings
def verify(
    targets: BuildTargets,
    base: BaseOption = None,
    tools: ToolsOption = ToolsMode.auto,
    jobs: Jobs = None,
    tree: Tree = None,
    cache: Cache = None,
    *,
    settings: Given,
) -> None:
    """Build TARGETs twice: are the bytes the same?

    The two builds reuse nothing and differ in all that must not matter: the
    directory, the time, the host name, the time zone, the language, the umask,
    how many cores there are and how many steps run at once. Every layer and
    every artifact is compared. If two differ, the first layer and file are
    named, diffoscope looks into them if it is installed, and the exit status is 1.
    What a later step removes or replaces is told, and does no harm.

    \b
    Examples:
      livecd-rootfs verify squashfs,qcow2
      livecd-rootfs verify qcow2 --suite bookworm --tools root
    """
    from livecd_rootfs.commands import verify as command
    from livecd_rootfs.settings import cache_directory
    from livecd_rootfs.signals import raise_on_signals
    from livecd_rootfs.userns import become_root

    become_root(os.environ, sys.argv[1:])
    raise_on_signals()
    request = command.Request(
        targets=targets,
        options=_words(
            base=base,
            tools=tools.value,
            tree=tree,
            **settings.options,
        )
        + tuple(f"--set={word}" for word in settings.assignments),
        cache=cache_directory(cache, os.environ),
        jobs=jobs or os.cpu_count() or 1,
        environ=os.environ,
    )
    outcome = command.verify(request, _tell)
    sys.stdout.write(f"\n{outcome.table}")
    sys.stdout.flush()
    if outcome.failure is not None:
        raise outcome.failure


def _words(**options: str | Path | None) -> tuple[str, ...]:
    """The options that were given, as the command line of a build has them."""
    return tuple(
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if value is not None
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
