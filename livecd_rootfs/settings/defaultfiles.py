"""Files of a project that need no option, for they have the default name; and paths in options."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.settings.assigning import Assignment
from livecd_rootfs.settings.row import Kind, Setting
from livecd_rootfs.settings.table import TABLE
from livecd_rootfs.settings.value import written

# Kinds of which a file of the project is the value, and not its name.
_CONTENT = {Kind.TEXT, Kind.PRIVATE}
_PATHS = {Kind.TREES, Kind.SCRIPT, Kind.FILE, Kind.PLACE}


def found(directory: Path, folder: Path) -> Iterator[Assignment]:
    """The options that the default files of a folder mean.

    Args:
        directory: the project's.
        folder: the folder, from there.

    Raises:
        LivecdError: one whose content counts can't be read.
    """
    for row in TABLE:
        present = [name for name in row.files if (directory / folder / name).exists()]
        # A key in the project signs only where Secure Boot is asked for.
        if not present or row.kind is Kind.FILE:
            continue
        text = ",".join(present) if row.kind is Kind.TREES else present[0]
        if row.kind in _CONTENT:
            text = _content(directory / folder / present[0])
        yield Assignment(
            row=row, text=below(row, text, folder), origin=str(folder / present[0]), place=""
        )


def below(row: Setting, text: str, folder: Path) -> str:
    """The text of an option as the project's own configuration would have it.

    Args:
        row: the option.
        text: as a folder of the project has it, from where its paths are.
        folder: the folder, from the project's directory.
    """
    if row.kind not in _PATHS or folder == Path():
        return text
    items = written(row, text) if row.kind is Kind.TREES else (text,)
    return ",".join(_below(item, folder) for item in items if item)


def _below(item: str, folder: Path) -> str:
    return item if item.startswith(("!", "/", "~")) else f"{folder}/{item}"


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LivecdError(f"{path.name} can't be read", place=str(path), why=str(error)) from error
