"""The project's configuration: mkosi.conf, its drop-ins in mkosi.conf.d, default files, a preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livecd_rootfs import ini
from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.settings import assigning, defaultfiles, foreign, matching
from livecd_rootfs.settings.assigning import Assignment
from livecd_rootfs.settings.repeated import repeated
from livecd_rootfs.settings.table import BY_OPTION, SECTIONS

CONFIG_FILE = "mkosi.conf"
DROP_INS = "mkosi.conf.d"
PRESETS = "mkosi.presets"
CONFIGURATION = (CONFIG_FILE, DROP_INS, PRESETS)
MATCH = "Match"
# Before an option: its value is only a default (mkosi, NEWS of 16).
WEAK = "@"


def read(
    directory: Path, fixed: Mapping[str, str]
) -> tuple[tuple[Assignment, ...], tuple[str, ...]]:
    """All assignments of a project's files, in order, and warnings about what is not obeyed.

    Args:
        directory: the project's directory.
        fixed: what no file can change, by the table's names, for the conditions of drop-ins.

    Raises:
        LivecdError: a file can't be read or parsed, or there is no such preset.
    """
    reader = _Reader(directory=directory, fixed=fixed)
    reader.read_folder(Path())
    reader.read_preset()
    found = assigning.prevailing(reader.found)
    return found, (*reader.warnings, *repeated(found), *_unread(directory))


@dataclass(slots=True, kw_only=True)
class _Reader:
    """What has been read so far.

    Attributes:
        directory: the project's.
        fixed: what no file can change.
        found: the assignments.
        warnings: about what they can't be.
    """

    directory: Path
    fixed: Mapping[str, str]
    found: list[Assignment] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def read_folder(self, folder: Path) -> None:
        """Read a folder of the project's that is one, with its own drop-ins and default files."""
        main = self.directory / folder / CONFIG_FILE
        entries = self._entries(folder / CONFIG_FILE) if main.exists() else ()
        if not self._met(entries, folder / CONFIG_FILE):
            return
        self.found += defaultfiles.found(self.directory, folder)
        self._assign(entries, folder / CONFIG_FILE)
        for path in _drop_ins(self.directory / folder / DROP_INS):
            self._read(path.relative_to(self.directory))

    def read_preset(self) -> None:
        """Read the preset that was chosen; its name is that of a folder, or of one file.

        Raises:
            UsageError: there is none of this name.
        """
        names = {path.stem: path.name for path in _drop_ins(self.directory / PRESETS)}
        chosen = self._facts(Path()).text("preset")
        if chosen in names:
            self._read(Path(PRESETS, names[chosen]))
        elif chosen:
            raise UsageError(
                f"there is no preset '{chosen}' in {PRESETS}",
                remedy=did_you_mean(near(chosen, names))
                or f"one of {', '.join(sorted(names)) or 'none: the directory has no preset'}",
            )
        elif names:
            known = ", ".join(sorted(names))
            self.warnings.append(
                f"{PRESETS}: no preset is built; --set Preset=NAME builds one of {known}"
            )

    def _read(self, path: Path) -> None:
        if (self.directory / path).is_dir():
            self.read_folder(path)
            self.warnings += _misplaced(self.directory, path)
            return
        entries = self._entries(path)
        if self._met(entries, path):
            self._assign(entries, path)

    def _entries(self, path: Path) -> tuple[ini.Entry, ...]:
        return ini.parse(_text(self.directory / path, path.as_posix()), path.as_posix())

    def _facts(self, folder: Path) -> matching.Facts:
        return matching.Facts(
            directory=self.directory / folder,
            fixed=self.fixed,
            values=assigning.merged(assigning.prevailing(self.found)),
        )

    def _met(self, entries: tuple[ini.Entry, ...], path: Path) -> bool:
        conditions = [each for each in entries if each.section == MATCH]
        unknown, met = matching.met(conditions, self._facts(_base(path)))
        self.warnings += [
            f"{path}:{each.line}:{each.column}: unknown condition [Match] {each.key} is not met"
            for each in unknown
        ]
        return met

    def _assign(self, entries: tuple[ini.Entry, ...], path: Path) -> None:
        for entry in entries:
            row = BY_OPTION.get(_option(entry))
            if entry.section == MATCH:
                continue
            if row is None or entry.section not in SECTIONS:
                self.warnings.append(f"{path}:{entry.line}:{entry.column}: {_unknown(entry)}")
                continue
            if reason := foreign.VALUES.get((row.option, entry.value)):
                place = f"{path}:{entry.line}:{entry.value_column}"
                self.warnings.append(
                    f"{place}: {row.option}={entry.value} has no effect here: {reason}"
                )
                continue
            self.found.append(
                Assignment(
                    row=row,
                    text=defaultfiles.below(row, entry.value, _base(path)),
                    origin=f"{path}:{entry.line}",
                    place=f"{path}:{entry.line}:{entry.value_column}",
                    weak=entry.key.startswith(WEAK),
                )
            )


def _base(path: Path) -> Path:
    """From where a file's paths are: its folder, if that is a configuration, else the project."""
    return path.parent if path.name == CONFIG_FILE else _owner(path)


def _owner(path: Path) -> Path:
    """The folder to which a drop-in belongs: that of mkosi.conf.d, or of mkosi.presets."""
    return path.parent.parent


def _drop_ins(folder: Path) -> Iterator[Path]:
    """Files and folders of configuration, in the order of their names."""
    if folder.is_dir():
        found = (path for path in folder.iterdir() if path.suffix == ".conf" or path.is_dir())
        yield from sorted(found)


def _misplaced(directory: Path, folder: Path) -> Iterator[str]:
    """Drop-ins right in a folder of mkosi.conf.d, where mkosi 14 had those of a distribution."""
    for path in sorted((directory / folder).glob("*.conf")):
        if path.name != CONFIG_FILE:
            yield (
                f"{folder / path.name} is not read: write it as "
                f"{folder / DROP_INS / path.name}, with its conditions in {folder / CONFIG_FILE}"
            )


def _unread(directory: Path) -> Iterator[str]:
    """What lies in the project and has no effect."""
    for name, advice in foreign.FILES.items():
        if (directory / name).exists():
            yield f"{name} is not read: {advice}"


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LivecdError(f"{name} can't be read", place=str(path), why=str(error)) from error


def _option(entry: ini.Entry) -> str:
    return entry.key.removeprefix(WEAK)


def _unknown(entry: ini.Entry) -> str:
    if reason := foreign.REASONS.get(_option(entry)):
        return f"[{entry.section}] {entry.key} has no effect here: {reason}"
    if entry.section not in SECTIONS:
        advice = did_you_mean(near(entry.section, SECTIONS))
        what = f"{entry.key} in the unknown section [{entry.section}] is ignored"
    else:
        advice = did_you_mean(near(_option(entry), BY_OPTION))
        what = f"unknown option [{entry.section}] {entry.key} is ignored"
    return f"{what}; {advice}" if advice else what
