"""Whether builds run the image pipeline, which makes an image from little more than nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs.errors import UsageError
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.resolve import resolve, split_targets

# The step that installs a distribution: whoever has it begins without a cloud image's packages.
STEP = "base/install-distribution.binary"


def asked(tree: Path, builds: Sequence[Sequence[str]]) -> bool:
    """Whether the builds of one run have it.

    Args:
        tree: the hooks.d.
        builds: the targets of each build, as words of the command line.

    Raises:
        UsageError: some have it, and others don't.
    """
    hooks = HookTree(str(tree))
    found = {" ".join(words): _has(hooks, words) for words in builds}
    if len(set(found.values())) > 1:
        with_it = next(name for name, has in found.items() if has)
        without = next(name for name, has in found.items() if not has)
        raise UsageError(
            f"'{with_it}' and '{without}' can't be built in one run",
            why=f"'{with_it}' installs just what mkosi.conf says, and '{without}' begins with "
            "the packages of a cloud image",
            remedy="run two builds, one after another",
        )
    return any(found.values())


def _has(hooks: HookTree, words: Sequence[str]) -> bool:
    """Faults of series files are told by whoever resolves them for good."""
    resolution = resolve(split_targets(words), hooks, prefix="livecd", flavour="")
    return any(hook.name == STEP for hook in resolution.hooks)
