"""The step that removes files from the root: by patterns, and documentation if it is not wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs import documents, trees
from livecd_rootfs.image import rootglob
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.context import Context

DPKG_CONFIGURATION = "etc/dpkg/dpkg.cfg.d"
NAME = "01-no-documents"


def run(context: Context) -> str:
    """Remove what REMOVE_FILES matches; with WITH_DOCS=no documentation, now and ever after.

    Returns:
        what was done, in one line.

    Raises:
        UsageError: a pattern can't be meant.
        LivecdError: something can't be removed.
    """
    patterns = [line.strip() for line in context.variables.get("REMOVE_FILES", "").splitlines()]
    told = [*_removed(context.chroot, [each for each in patterns if each])]
    if context.choice("WITH_DOCS", ("yes", "no")) == "no":
        count = without_documents(context.chroot)
        told.append(f"{count} files of documentation removed")
    return f"remove-files: {'; '.join(told) or 'nothing to do, RemoveFiles is empty'}"


def _removed(root: Path, patterns: list[str]) -> Iterator[str]:
    """Remove what patterns match, all of them looked up before anything goes."""
    found = {pattern: rootglob.find(root, pattern) for pattern in patterns}
    gone = sorted({path for paths in found.values() for path in paths})
    for path in gone:
        trees.remove(path)
    if gone:
        yield f"{len(gone)} {'path' if len(gone) == 1 else 'paths'} removed"
    for pattern in (each for each, paths in found.items() if not paths):
        link = rootglob.link_on_the_way(root, pattern)
        yield f"nothing matches {pattern}" + (f", {link} is a link" if link else "")


def without_documents(root: Path) -> int:
    """Remove documentation, and tell dpkg to leave it out of what it unpacks later.

    Args:
        root: the target root.

    Returns:
        how many files were removed.
    """
    count = documents.remove(rooted.resolve(root, "usr/share"))
    folder = rooted.resolve(root, DPKG_CONFIGURATION)
    if folder.is_dir() and not _is_configured(folder):
        rooted.write(root, f"{DPKG_CONFIGURATION}/{NAME}", "\n".join(documents.DPKG_OPTIONS) + "\n")
    return count


def _is_configured(folder: Path) -> bool:
    """Whether the bootstrap, or an earlier run, has told dpkg already."""
    texts = (path.read_text(errors="replace") for path in sorted(folder.iterdir()))
    return any(set(documents.DPKG_OPTIONS) <= set(text.splitlines()) for text in texts)
