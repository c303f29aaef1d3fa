"""Documents that a minimized image goes without: told to dpkg, and removed where it was not asked.

debootstrap unpacks its packages itself, and asks none of dpkg's filters.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

FILTERS = "etc/dpkg/dpkg.cfg.d/99minimized"
_INCLUDE, _EXCLUDE = "path-include", "path-exclude"
_WILDCARDS = "*?[\\"


def leave_out(root: Path, lines: Sequence[str]) -> None:
    """Make a root what it would be if dpkg had unpacked it with these options.

    Args:
        root: the target root, with nothing mounted in it.
        lines: ``path-exclude=PATTERN`` and ``path-include=PATTERN``, as in dpkg.cfg.
    """
    options = root / FILTERS
    options.parent.mkdir(parents=True, exist_ok=True)
    options.write_text("".join(f"{line}\n" for line in lines))
    for path in _below(root, _folders(lines)):
        if _is_left_out(path, f"/{path.relative_to(root)}", lines):
            _remove(path)


def _folders(lines: Sequence[str]) -> tuple[str, ...]:
    """Where anything can be that is left out."""
    patterns = (line.partition("=") for line in lines)
    return tuple(_fixed(pattern) for kind, _, pattern in patterns if kind == _EXCLUDE)


def _fixed(pattern: str) -> str:
    """The part of a pattern that stands for itself, up to a whole name."""
    end = next((at for at, char in enumerate(pattern) if char in _WILDCARDS), len(pattern))
    return pattern[:end].rstrip("/")


def _below(root: Path, folders: Sequence[str]) -> Iterator[Path]:
    """What is below, without going through links; folders after what is in them."""
    for folder in folders:
        for place, inner, files in os.walk(f"{root}{folder}", topdown=False):
            yield from (Path(place, name) for name in (*files, *inner))


def _is_left_out(path: Path, name: str, lines: Sequence[str]) -> bool:
    """By the last pattern that matches; see "--path-exclude" in dpkg(1).

    Folders, and links that may be to folders, stay where something in them may be included.
    """
    left_out, included = False, []
    for kind, _, pattern in (line.partition("=") for line in lines):
        if kind == _INCLUDE:
            included.append(_fixed(pattern))
        if fnmatchcase(name, pattern):
            left_out = kind == _EXCLUDE
    if left_out and (path.is_symlink() or path.is_dir()):
        return not name.startswith(tuple(included))
    return left_out


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    elif not any(path.iterdir()):
        path.rmdir()
