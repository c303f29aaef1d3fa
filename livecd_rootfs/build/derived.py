"""Variables of hooks that follow from several settings, so that no step's key holds too much.

A hook that only has to know whether there is a build script must not run again
whenever that changes; and a prepare script that never looks at the sources must
not whenever one of those does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.header import HookHeader
from livecd_rootfs.settings import ProjectFile, Settings

SOURCES = "build_sources"
# How a script names its sources: by the variable, or by where mkosi has them.
_NAMES = (b"SRCDIR", b"/work/src")


def variables(header: HookHeader | None, settings: Settings) -> dict[str, str]:
    """Those that a hook declares, with their values."""
    return {name: rule(settings) for name, rule in RULES.items() if name in _declared(header)}


def project_files(header: HookHeader | None, settings: Settings) -> tuple[ProjectFile, ...]:
    """The project's files that a hook sees by such a variable."""
    if "PREPARE_SOURCES" not in _declared(header) or not _sees_sources(settings):
        return ()
    return settings.files(SOURCES)


def _declared(header: HookHeader | None) -> tuple[str, ...]:
    return () if header is None or header.env is None else header.env


def _has_build_script(settings: Settings) -> str:
    return "yes" if settings.files("build_script") else "no"


def _prepare_sources(settings: Settings) -> str:
    return settings.for_hooks(SOURCES) if _sees_sources(settings) else ""


def _sees_sources(settings: Settings) -> bool:
    """Whether the prepare script's text names the sources."""
    return any(name in _text(file) for file in settings.files("prepare_script") for name in _NAMES)


def _text(file: ProjectFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise LivecdError(
            "the prepare script can't be read", place=str(file.path), why=error.strerror
        ) from error


RULES: Mapping[str, Callable[[Settings], str]] = {
    "HAS_BUILD_SCRIPT": _has_build_script,
    "PREPARE_SOURCES": _prepare_sources,
}
