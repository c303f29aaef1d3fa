"""Documentation of packages: what an image without it leaves out, in dpkg's words and as files."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

# The paths are the root's own (dpkg(1), --path-exclude); the copyright files stay, as
# licences ask (Debian policy, 12.5).
DPKG_OPTIONS = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*/LC_MESSAGES/*.mo",
    "path-exclude=/usr/share/lintian/*",
)
_FOLDERS = ("doc", "man", "info", "locale", "lintian")


def is_excluded(path: str) -> bool:
    """Whether dpkg would leave out a file: the last option that matches decides."""
    verdict = False
    for option in DPKG_OPTIONS:
        word, _, pattern = option.partition("=")
        if fnmatch.fnmatchcase(path, pattern):
            verdict = word == "path-exclude"
    return verdict


def remove(share: Path) -> int:
    """Remove documentation that is installed already.

    Links between the folders of packages stay, as the copyright file is often
    found through one.

    Args:
        share: the root's /usr/share.

    Returns:
        how many files and links were removed.
    """
    found = [path for name in _FOLDERS for path in _files(share / name)]
    gone = [
        path
        for path in found
        if is_excluded(f"/usr/share/{path.relative_to(share)}") and not _is_folder_link(path, share)
    ]
    for path in gone:
        path.unlink()
    folders = {folder for path in gone for folder in path.relative_to(share).parents}
    for folder in sorted(folders, reverse=True):
        if len(folder.parts) > 1 and not any((share / folder).iterdir()):
            (share / folder).rmdir()
    return len(gone)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        return
    for name, folders, files in os.walk(folder):
        paths = [Path(name, each) for each in folders]
        yield from (Path(name, each) for each in files)
        yield from (path for path in paths if path.is_symlink())


def _is_folder_link(path: Path, share: Path) -> bool:
    """Whether it is a link from one package's folder in doc/ to another's."""
    return path.is_symlink() and path.parent == share / "doc" and "/" not in str(path.readlink())
