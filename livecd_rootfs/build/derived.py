"""Variables of hooks that follow from several settings, so that no step's key holds too much.

A hook that only has to know whether there is a build script must not run again
whenever that changes; and a prepare script that never looks at the sources must
not whenever one of those does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.header import HookHeader
from livecd_rootfs.image.sources import WITHHELD
from livecd_rootfs.settings import CONFIGURATION, TABLE, ProjectFile, Settings

SOURCES = "build_sources"
HAS_SCRIPT = "HAS_BUILD_SCRIPT"
# How a script names its sources: by the variable, or by where mkosi has them.
_NAMES = (b"SRCDIR", b"/work/src")
# What builds leave in a project's directory.
_LEFT = ("out", "mkosi.builddir", "mkosi.cache", "mkosi.installdir", "mkosi.output")
# What configures a project is none of its sources, secrets least of all: whoever changes it
# wants no build script to run again that does not read it.
_SETTINGS = (*CONFIGURATION, *(name for row in TABLE for name in row.files))
_PLACES = ("build_directory", "install_directory", "output_directory")


def variables(header: HookHeader | None, settings: Settings) -> dict[str, str]:
    """Those that a hook declares, with their values."""
    return {name: rule(settings) for name, rule in RULES.items() if name in _declared(header)}


def project_files(
    header: HookHeader | None, settings: Settings, own: Iterable[Path]
) -> tuple[ProjectFile, ...]:
    """The project's files that a hook sees by such a variable.

    Args:
        header: what the hook declares.
        settings: the settings.
        own: directories of this program, which are no sources.
    """
    rules = (_USERS[name] for name in _declared(header) if name in _USERS)
    if not any(sees(settings) for sees in rules):
        return ()
    return _shown(settings, own)


def outside(settings: Settings, own: Iterable[Path]) -> dict[str, str]:
    """These variables for hooks in no sandbox of ours, with files by their own places.

    Args:
        settings: the settings.
        own: what is no source.
    """
    files = _shown(settings, own)
    lines = "\n".join(f"{file.path}{file.suffix}" for file in files)
    sources = {name: lines if sees(settings) else "" for name, sees in _USERS.items()}
    withheld = "\n".join(f"{file.path}/{name}" for file in files for name in file.without)
    has_script = RULES[HAS_SCRIPT](settings)
    return {HAS_SCRIPT: has_script, **sources, WITHHELD: withheld if any(sources.values()) else ""}


def _shown(settings: Settings, own: Iterable[Path]) -> tuple[ProjectFile, ...]:
    hidden = (
        *own,
        *(_place(settings, name) for name in _PLACES if settings.text(name)),
        *(settings.directory.absolute() / name for name in _SETTINGS),
    )
    return tuple(_without(file, settings, hidden) for file in _sources(settings))


def _declared(header: HookHeader | None) -> tuple[str, ...]:
    return () if header is None or header.env is None else header.env


def _place(settings: Settings, name: str) -> Path:
    return (settings.directory / settings.text(name)).absolute()


def _sources(settings: Settings) -> tuple[ProjectFile, ...]:
    """The sources that were named, else the whole project."""
    if settings.is_set(SOURCES):
        return settings.files(SOURCES)
    return (ProjectFile(place="BUILD_SOURCES/0", path=settings.directory.absolute()),)


def _without(file: ProjectFile, settings: Settings, hidden: Iterable[Path]) -> ProjectFile:
    """The file without what is no source: what builds leave, and the history."""
    if not file.path.is_dir():
        return file
    root = file.path.resolve()  # it may be written with .. in it, or by way of a link
    places = {place for each in hidden for place in _places_of(each)}
    inside = [place.relative_to(root) for place in places if root in place.parents]
    names = {*_LEFT, *map(str, inside), *_outputs(file.path)}
    git = set() if settings.yes("build_sources_git") else {".git"}
    return replace(file, without=tuple(sorted(names | git)))


def _places_of(path: Path) -> tuple[Path, Path]:
    """Where a path is, and where it leads if it is a link."""
    return path.parent.resolve() / path.name, path.resolve()


def _outputs(folder: Path) -> Iterator[str]:
    """Directories right below a folder in which builds have put their artifacts."""
    for sums in folder.glob("*/SHA256SUMS"):
        if any(sums.parent.glob("*.provenance.json")):
            yield sums.parent.name


def _builds(settings: Settings) -> bool:
    return bool(settings.files("build_script"))


def _prepares(settings: Settings) -> bool:
    """Whether the prepare script's text names the sources."""
    return any(name in _text(file) for file in settings.files("prepare_script") for name in _NAMES)


def _text(file: ProjectFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise LivecdError(
            "the prepare script can't be read", place=str(file.path), why=error.strerror
        ) from error


def _lines(settings: Settings) -> str:
    return "\n".join(file.line for file in _sources(settings))


# Which variables have to do with the sources, and whether their hooks see them at all.
_USERS: Mapping[str, Callable[[Settings], bool]] = {
    "BUILD_SOURCES": _builds,
    "PREPARE_SOURCES": _prepares,
}
RULES: Mapping[str, Callable[[Settings], str]] = {
    HAS_SCRIPT: lambda settings: "yes" if _builds(settings) else "no",
    "BUILD_SOURCES": lambda settings: _lines(settings) if _builds(settings) else "",
    "PREPARE_SOURCES": lambda settings: _lines(settings) if _prepares(settings) else "",
}
