"""The project's configuration files: mkosi.conf, and its drop-ins in mkosi.conf.d."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from livecd_rootfs import ini
from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.settings import assigning, foreign, matching
from livecd_rootfs.settings.assigning import Assignment
from livecd_rootfs.settings.table import BY_OPTION, SECTIONS

CONFIG_FILE = "mkosi.conf"
DROP_INS = "mkosi.conf.d"
CONFIGURATION = (CONFIG_FILE, DROP_INS)
MATCH = "Match"


def read(
    directory: Path, fixed: Mapping[str, str]
) -> tuple[tuple[Assignment, ...], tuple[str, ...]]:
    """All assignments of a project's files, in order, and warnings about unknown options.

    Args:
        directory: the project's directory.
        fixed: what no file can change, by the table's names, for the conditions of drop-ins.

    Raises:
        LivecdError: a file can't be read or parsed.
    """
    reader = _Reader(directory, fixed)
    for path in _files(directory):
        reader.read(path)
    return tuple(reader.found), tuple(reader.warnings)


def _files(directory: Path) -> Iterator[Path]:
    if (directory / CONFIG_FILE).exists():
        yield directory / CONFIG_FILE
    folder = directory / DROP_INS
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".conf")


class _Reader:
    """What has been read so far."""

    def __init__(self, directory: Path, fixed: Mapping[str, str]) -> None:
        self._directory = directory
        self._fixed = fixed
        self.found: list[Assignment] = []
        self.warnings: list[str] = []

    def read(self, path: Path) -> None:
        """Read one file, unless its conditions are not met."""
        name = path.relative_to(self._directory).as_posix()
        entries = ini.parse(_text(path, name), name)
        conditions = [each for each in entries if each.section == MATCH]
        facts = matching.Facts(
            directory=self._directory, fixed=self._fixed, values=assigning.merged(self.found)
        )
        unknown, met = matching.met(conditions, facts)
        self.warnings += [
            f"{name}:{each.line}:{each.column}: unknown condition [Match] {each.key} is not met"
            for each in unknown
        ]
        if met:
            for entry in entries:
                self._assign(entry, name)

    def _assign(self, entry: ini.Entry, name: str) -> None:
        row = BY_OPTION.get(entry.key)
        if entry.section == MATCH:
            return
        if row is None or entry.section not in SECTIONS:
            self.warnings.append(f"{name}:{entry.line}:{entry.column}: {_unknown(entry)}")
            return
        place = f"{name}:{entry.line}:{entry.value_column}"
        origin = f"{name}:{entry.line}"
        self.found.append(Assignment(row=row, text=entry.value, origin=origin, place=place))


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LivecdError(f"{name} can't be read", place=str(path), why=str(error)) from error


def _unknown(entry: ini.Entry) -> str:
    if entry.section not in SECTIONS:
        advice = did_you_mean(near(entry.section, SECTIONS))
        what = f"{entry.key} in the unknown section [{entry.section}] is ignored"
    elif entry.key in foreign.REASONS:
        return f"[{entry.section}] {entry.key} has no effect here: {foreign.REASONS[entry.key]}"
    else:
        advice = did_you_mean(near(entry.key, BY_OPTION))
        what = f"unknown option [{entry.section}] {entry.key} is ignored"
    return f"{what}; {advice}" if advice else what
