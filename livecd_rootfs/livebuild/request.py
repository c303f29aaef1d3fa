"""What a build under live-build is asked for, from the environment of ``lb config``."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livecd_rootfs import deciding, pipelines, project, series, settings
from livecd_rootfs.build import base, derived, environment
from livecd_rootfs.errors import UsageError
from livecd_rootfs.resolve import split_targets
from livecd_rootfs.settings import Settings

DEFAULT_TARGETS = ("all",)
# Machines that images are made for: an architecture, and its variants that need a kernel or
# a boot loader of their own.
MACHINES: Mapping[str, tuple[str, ...]] = {"amd64": ("",), "arm64": ("", "raspi")}
# Distribution and variant, and the kernel's package there instead of the usual one.
KERNELS: Mapping[tuple[str, str, str], str] = {
    ("ubuntu", "raspi", "linux-image-virtual"): "linux-image-raspi",
    ("ubuntu", "raspi", "linux-image-generic"): "linux-image-raspi",
}
# What live-build itself may make of the root, beside what the hooks make; none: no hooks.
NO_HOOKS = "none"
FORMATS = ("", NO_HOOKS, "ext2", "ext3", "ext4", "squashfs")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
# Left as live-build has them; and MIRROR, by which a hook knows our own build.
_NOT_FOR_HOOKS = frozenset(
    {"PATH", "HOME", "TERM", "DEBIAN_FRONTEND", "SOURCE_DATE_EPOCH", "MIRROR"}
)
# What live-build has in its directory, which is no source of a project there.
_BUILD_FOLDERS = (
    *(".build", "auto", "binary", "cache", "chroot", "config", "hooks.d", "local"),
    *("build-overlay", "build-root", "dest"),
)
# Kept for hooks as they are.
_PASSED_ON = ("PROPOSED", "EXTRA_PPAS", "CHANNEL", "COHORT_KEY", "SNAPSHOT_SERVICE_TIMESTAMP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A build, with all that is asked for decided.

    Attributes:
        settings: distribution, suite, architecture, mirror, packages...
        targets: the image targets.
        image_format: one of ``FORMATS``.
        serial: what tells this build from others of the same image.
        passed_on: variables that only hooks and package sources read.
    """

    settings: Settings
    targets: tuple[str, ...]
    image_format: str
    serial: str
    passed_on: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """What the names of artifacts begin with."""
        return series.artifact_prefix(self.settings.text("project"), self.settings.text("subarch"))

    @property
    def packages(self) -> tuple[str, ...]:
        """What is installed beyond the smallest root: the same as our own build installs."""
        found = base.bootstrap_request(self.settings).packages
        machine = (self.settings.text("distribution"), self.settings.text("subarch"))
        return tuple(KERNELS.get((*machine, name), name) for name in found)

    def variables(self) -> dict[str, str]:
        """What hooks may read: as in our own build, and the words that Launchpad sends."""
        identity = environment.identity(self.settings, self.prefix)
        here = self.settings.directory.absolute()
        found = {
            **environment.of_hooks(identity, self.settings, self.targets, 0),
            **environment.outside(self.settings),
            **environment.derived(self.settings, self.packages, ""),
            **derived.outside(self.settings, [here / name for name in _BUILD_FOLDERS]),
        }
        shared = {name: text for name, text in found.items() if name not in _NOT_FOR_HOOKS}
        own = {"BUILDSTAMP": self.serial, "IMAGEFORMAT": self.image_format}
        return {**shared, **own, **self.passed_on}


def load(environ: Mapping[str, str], directory: Path) -> tuple[Request, tuple[str, ...]]:
    """The request of an environment.

    Args:
        environ: the environment of ``lb config``.
        directory: the build directory, which may hold a mkosi.conf.

    Returns:
        The request, and warnings about options that nobody knows.

    Raises:
        UsageError: PROJECT is missing, or a value is none that can be used.
    """
    loaded, warnings = settings.load({}, environ, directory)
    _require_project(loaded)
    targets = split_targets([environ.get("IMAGE_TARGETS", "")]) or DEFAULT_TARGETS
    tree = directory / project.find_tree(None, directory)
    pipeline = pipelines.asked(tree, [targets])
    decided = deciding.decide(loaded, pipeline=pipeline)
    require_machine(decided.text("arch"), decided.text("subarch"))
    request = Request(
        settings=decided,
        targets=targets,
        image_format=_format(environ.get("IMAGEFORMAT", "")),
        serial=environ.get("NOW") or time.strftime("%Y%m%d-%H%M%S", time.gmtime()),
        passed_on={name: environ.get(name, "") for name in _PASSED_ON},
    )
    return request, warnings


def _require_project(loaded: Settings) -> None:
    name = loaded.text("project")
    if not name:
        raise UsageError(
            "PROJECT is not set",
            why="the artifacts are named livecd.$PROJECT.*",
            remedy="set it, as in `PROJECT=debian-cpc lb config`",
        )
    for option in ("project", "subarch"):
        text = loaded.text(option)
        if text and not _NAME.fullmatch(text):
            raise UsageError(
                f"{option.upper()} is {text!r}, which can't be part of a file's name",
                place=loaded.origin(option),
                remedy="letters, digits, and . + _ - behind the first one",
            )


def require_machine(arch: str, subarch: str) -> None:
    """Refuse an architecture, or a variant of it, that nobody here knows.

    Raises:
        UsageError: it is none of ``MACHINES``.
    """
    if subarch in MACHINES.get(arch, ()):
        return
    known = [
        f"{name}:{variant}".rstrip(":")
        for name, variants in MACHINES.items()
        for variant in variants
    ]
    asked = f"{arch}:{subarch}".rstrip(":")
    raise UsageError(
        f"there is no ARCH:SUBARCH '{asked}' that this program knows",
        remedy=f"one of {', '.join(known)}",
    )


def _format(text: str) -> str:
    if text not in FORMATS:
        raise UsageError(
            f"IMAGEFORMAT is {text!r}", remedy=f"leave it empty, or one of {', '.join(FORMATS[1:])}"
        )
    return text
