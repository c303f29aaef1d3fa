"""The environment of a hook: a fixed list, so that nothing else can change a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs.header import ALWAYS, HookHeader
from livecd_rootfs.settings import BY_VARIABLE, PROJECT_FILES, TABLE, ProjectFile, Settings

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What names a build.

    Attributes:
        distribution: debian or ubuntu.
        suite: release of the distribution.
        arch: architecture in the distribution's words.
        project: the artifacts' middle name.
        prefix: ``livecd.PROJECT[-SUBARCH]``.
    """

    distribution: str
    suite: str
    arch: str
    project: str
    prefix: str

    @property
    def seed(self) -> str:
        """The text from which ids of disks and file systems are derived.

        It holds what makes two images different on purpose, and no time or
        place, so that the same build has the same ids everywhere.
        """
        return f"{self.prefix} {self.distribution} {self.suite} {self.arch}"


def identity(settings: Settings, prefix: str) -> Identity:
    """The identity that decided settings give."""
    return Identity(
        distribution=settings.text("distribution"),
        suite=settings.text("suite"),
        arch=settings.text("arch"),
        project=settings.text("project"),
        prefix=prefix,
    )


def of_hooks(
    build: Identity, settings: Settings, targets: tuple[str, ...], date: int
) -> dict[str, str]:
    """The variables that all hooks get, in a target root or in the build directory.

    Args:
        build: what names the build.
        settings: the user's settings.
        targets: the explicit image targets.
        date: SOURCE_DATE_EPOCH.
    """
    return {
        "PATH": SYSTEM_PATH,
        "HOME": "/root",
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "DEBIAN_FRONTEND": "noninteractive",
        "SOURCE_DATE_EPOCH": str(date),
        "DISTRIBUTION": build.distribution,
        "SUITE": build.suite,
        "ARCH": build.arch,
        "PROJECT": build.project,
        "SUBPROJECT": settings.text("subproject"),
        "SUBARCH": settings.text("subarch"),
        "PREFIX": build.prefix,
        "IMAGE_TARGETS": " ".join(targets),
        "IMAGE_SIZE": settings.text("image_size"),
        "COMPRESSION": settings.text("compression"),
        "BOOTLOADER": settings.text("bootloader"),
        "CLOUD": settings.text("cloud"),
        "KERNEL_FLAVOUR": settings.text("kernel_flavour"),
        "KERNEL_COMMAND_LINE": settings.text("kernel_command_line"),
        "SERIAL_CONSOLE": settings.text("serial_console"),
        "ROOT_PASSWORD_HASH": settings.text("root_password_hash"),
        "SECURE_BOOT_KEY": settings.for_hooks("secure_boot_key"),
        "SECURE_BOOT_CERTIFICATE": settings.for_hooks("secure_boot_certificate"),
        "MIRROR": settings.text("mirror"),
        "LIVECD_SEED": build.seed,
    }


def declared(
    settings: Settings, derived: Mapping[str, str], header: HookHeader | None
) -> dict[str, str]:
    """What only hooks get which declare it: settings, by their variables, and what follows."""
    names = _declares(header)
    rows = (BY_VARIABLE[name] for name in names if name in BY_VARIABLE)
    return {
        **{name: derived[name] for name in names if name in derived},
        **{row.variable: settings.for_hooks(row.name) for row in rows if not row.hidden},
    }


def derived(settings: Settings, packages: Iterable[str], base: str) -> dict[str, str]:
    """What follows from settings, for the hooks that declare it.

    Args:
        settings: decided settings.
        packages: what the root has installed beyond essential packages.
        base: where the root comes from, as ``BaseKind`` has it; empty under live-build.
    """
    return {
        "IMAGE_PACKAGES": " ".join(packages),
        "LIVECD_BASE": base,
        "LIVECD_PIPELINE": "yes" if settings.pipeline else "",
    }


def outside(settings: Settings) -> dict[str, str]:
    """The settings of hooks that run in no sandbox of ours: files by their own places."""
    hidden = {row.name for row in TABLE if row.hidden}
    return {row.variable: settings.outside(row.name) for row in TABLE if row.name not in hidden}


def narrowed(
    env: Mapping[str, str], header: HookHeader | None, user: Mapping[str, str]
) -> dict[str, str]:
    """The part of the environment that a hook's header asks for.

    Without an ``env=`` in the header that is all of it. A declared name that is
    not of the fixed list is taken from the user's own environment.
    """
    if header is None or header.env is None:
        return dict(env)
    wanted = ALWAYS | set(header.env)
    declared = {name: user[name] for name in header.env if name in user and name not in env}
    return {**declared, **{name: value for name, value in env.items() if name in wanted}}


# A variable of the user's own with this ending names a file. A hook that declares it gets
# that file at a fixed place, and the content is part of its layer's key, not the place.
FILE_SUFFIX = "_FILE"


def files(header: HookHeader | None, user: Mapping[str, str]) -> dict[str, Path]:
    """The files that a hook's header declares by their variables, where the user names them."""
    names = _declares(header)
    named = (name for name in names if name.endswith(FILE_SUFFIX) and user.get(name))
    return {name: Path(user[name]).absolute() for name in named}


def project_files(header: HookHeader | None, settings: Settings) -> tuple[ProjectFile, ...]:
    """The project's files that a hook sees: those of the settings that it declares."""
    rows = (BY_VARIABLE[name] for name in _declares(header) if name in BY_VARIABLE)
    named = (row.name for row in rows if row.kind in PROJECT_FILES)
    return tuple(file for name in named for file in settings.files(name))


def _declares(header: HookHeader | None) -> tuple[str, ...]:
    return () if header is None or header.env is None else header.env
