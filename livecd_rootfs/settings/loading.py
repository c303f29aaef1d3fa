"""Reading all settings: from the command line, the environment, the project's files, the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import UsageError
from livecd_rootfs.settings import access, assigning, checks, configfiles
from livecd_rootfs.settings.assigning import Assignment
from livecd_rootfs.settings.row import Kind, Setting
from livecd_rootfs.settings.table import BY_OPTION, ROWS, TABLE
from livecd_rootfs.settings.value import DEFAULT, Settings, Value


def load(
    options: Mapping[str, str | None],
    environ: Mapping[str, str],
    directory: Path,
    assignments: Sequence[str] = (),
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from the command line, the environment and the project's files.

    Args:
        options: the command line's, by the table's names; ``None`` was not given.
        environ: the environment.
        directory: the project's directory, which may hold a mkosi.conf.
        assignments: the command line's ``Option=Value``. They go on where the files end: a
            list grows by them.

    Returns:
        The settings, and warnings about options that nobody knows.

    Raises:
        LivecdError: a file can't be read or parsed, or a value is of the wrong kind.
    """
    variables, own = _variables(environ), tuple(_assignments(assignments))
    fixed = {**assigning.merged_on(variables, own), **_options(options)}
    found, warnings = configfiles.read(directory, {name: fixed[name].text for name in fixed})
    values = {row.name: Value(text=row.default, origin=DEFAULT) for row in TABLE}
    values |= assigning.merged(found)
    values |= variables
    values = assigning.merged_on(values, own)
    values |= _options(options)
    settings = _resolved(Settings(values=values, directory=directory), environ)
    for row in TABLE:
        checks.check(row, settings)
    checks.check_pair(settings)
    return settings, (*warnings, *access.warnings(settings), *checks.doubts(settings))


def _options(options: Mapping[str, str | None]) -> dict[str, Value]:
    return {
        name: _plain(ROWS[name], text, ROWS[name].given_by)
        for name, text in options.items()
        if text is not None
    }


def _variables(environ: Mapping[str, str]) -> dict[str, Value]:
    """An empty variable counts as not set, as Launchpad's builders leave them empty."""
    return {
        row.name: _plain(row, environ[row.asked], f"${row.asked}")
        for row in TABLE
        if environ.get(row.asked)
    }


def _plain(row: Setting, text: str, origin: str) -> Value:
    """A value that replaces all before."""
    return assigning.value(row, None, Assignment(row=row, text=text, origin=origin, place=""))


def _assignments(words: Iterable[str]) -> Iterable[Assignment]:
    for word in words:
        option, equals, text = word.partition("=")
        row = BY_OPTION.get(option)
        if row is None:
            raise UsageError(
                f"there is no option '{option}'",
                remedy=did_you_mean(near(option, BY_OPTION)) or "`summary` lists all options",
            )
        if not equals:
            raise UsageError(
                f"--set {option} has no value",
                remedy=f"write --set {option}=VALUE, or --set {option}= for none",
            )
        yield Assignment(row=row, text=text, origin=f"--set {option}", place="")


def _resolved(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """What follows from other settings of the same project, or from the environment."""
    if settings.yes("secure_boot"):
        for row in TABLE:
            present = [name for name in row.files if (settings.directory / name).is_file()]
            if row.kind is Kind.FILE and present and not settings.is_set(row.name):
                settings = settings.replaced(row.name, present[0], present[0])
    lines = settings.words("environment")
    whole = [line if "=" in line else f"{line}={environ.get(line, '')}" for line in lines]
    values = dict(settings.values)
    old = values["environment"]
    values["environment"] = Value(text="\n".join(whole), origin=old.origin, place=old.place)
    return access.resolved(Settings(values=values, directory=settings.directory), environ)
