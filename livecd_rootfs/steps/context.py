"""What a step knows of its build: names, times, ids, places and tools."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from livecd_rootfs import series
from livecd_rootfs.errors import UsageError
from livecd_rootfs.process import Completed
from livecd_rootfs.running import Running
from livecd_rootfs.values import Value
from livecd_rootfs.variants import GRUB, SYSTEMD_BOOT

# A namespace of our own for version 5 UUIDs (RFC 9562, 5.5); any fixed value will do.
_NAMESPACE = uuid.UUID("6d1c2c0f-3f5d-5c39-9d0e-1f3a1c6f7c55")
_LABEL = re.compile(r"[A-Za-z0-9._-]{1,16}")
_DEFAULTS = {
    "PROJECT": "ubuntu-cpc",
    "ARCH": "amd64",
    "FS_LABEL": "cloudimg-rootfs",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
}


class Tools(Protocol):
    """The part of ``tools.Toolbox`` that steps use."""

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        bind: Sequence[Path] = (),
    ) -> Completed:
        """Run a tool to its end, in ``cwd``, with ``bind`` visible to it."""

    def start(
        self,
        argv: Sequence[str | Path],
        *,
        streams: tuple[int, int, int],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        bind: Sequence[Path] = (),
        shut: Sequence[int] = (),
    ) -> Running:
        """Start a tool on these streams; it must not hold ``shut`` open."""


class Context(Value):
    """One build, as its steps see it.

    Attributes:
        build: the build directory; the tools run there, on relative paths.
        prefix: what the artifacts' names begin with, ``livecd.PROJECT[-SUBARCH]``.
        arch: the target's architecture in Debian's words.
        epoch: SOURCE_DATE_EPOCH, seconds since 1970; no time in an artifact is later.
        seed: what the ids of disks and file systems are derived from.
        label: label of the root file system.
        variables: the environment, for the settings of a single step.
        scratch: a directory for temporary files that is not on an overlay;
            ``None`` where nobody provides one.
        overlays: where an overlay that outlives its step has its upper
            directory; ``None`` where nobody mounts it again.
        tools: runs programs.
    """

    build: Path
    prefix: str
    arch: str
    epoch: int
    seed: str
    label: str
    variables: Mapping[str, str]
    scratch: Path | None
    overlays: Path | None
    tools: Tools

    @property
    def chroot(self) -> Path:
        """The target root."""
        return self.build / "chroot"

    def artifact(self, suffix: str) -> Path:
        """The artifact of this suffix, which begins with a dot and may hold ``${FLAVOUR}``."""
        name = series.expanded(suffix, prefix=self.prefix, flavour=self.flavour)
        return self.build / f"{self.prefix}{name}"

    @property
    def bootloader(self) -> str:
        """What starts the disk's kernel.

        Raises:
            UsageError: nobody knows it.
        """
        return self.choice("BOOTLOADER", (GRUB, SYSTEMD_BOOT))

    @property
    def flavour(self) -> str:
        """The kernel's flavour that was asked for."""
        return self.variables.get("KERNEL_FLAVOUR") or series.DEFAULT_FLAVOUR

    def id(self, name: str) -> uuid.UUID:
        """The id of a thing in this build: the same in every run of the same build."""
        return uuid.uuid5(_NAMESPACE, f"{self.seed}\n{name}")

    def choice(self, name: str, choices: Sequence[str], *, default: str | None = None) -> str:
        """The value of a variable that has few; the default, or the first, if it is not set.

        Raises:
            UsageError: it is none of these.
        """
        value = self.variables.get(name) or default or choices[0]
        if value not in choices:
            raise UsageError(f"{name} is '{value}'", remedy=f"one of {', '.join(choices)}")
        return value

    def environment(self, **more: str) -> dict[str, str]:
        """The whole environment for a tool: nothing of the user's locale, time zone or home."""
        return {
            "PATH": self.variables.get("PATH") or _DEFAULTS["PATH"],
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "TZ": "UTC0",
            "SOURCE_DATE_EPOCH": str(self.epoch),
            **more,
        }


def from_environment(
    variables: Mapping[str, str], build: Path, *, tools: Tools, now: int
) -> Context:
    """The context of a hook that runs in a build directory.

    Every variable has a default, since live-build sets few of them.

    Args:
        variables: the hook's environment.
        build: the build directory.
        tools: runs programs.
        now: seconds since 1970, for a build that has no SOURCE_DATE_EPOCH.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number of seconds, FS_LABEL no label.
    """
    prefix = variables.get("PREFIX") or _prefix(variables)
    arch = variables.get("ARCH") or variables.get("LB_ARCHITECTURE") or _DEFAULTS["ARCH"]
    return Context(
        build=build,
        prefix=prefix,
        arch=arch,
        epoch=_epoch(variables.get("SOURCE_DATE_EPOCH", ""), now),
        seed=variables.get("LIVECD_SEED") or f"{prefix} {variables.get('SUITE', '')} {arch}",
        label=_label(variables.get("FS_LABEL") or _DEFAULTS["FS_LABEL"]),
        variables=dict(variables),
        scratch=_optional_path(variables.get("LIVECD_SCRATCH")),
        overlays=_optional_path(variables.get("LIVECD_OVERLAYS")),
        tools=tools,
    )


def _prefix(variables: Mapping[str, str]) -> str:
    project = variables.get("PROJECT") or _DEFAULTS["PROJECT"]
    subarch = variables.get("SUBARCH")
    return f"livecd.{project}-{subarch}" if subarch else f"livecd.{project}"


def _epoch(text: str, now: int) -> int:
    if not text:
        return now
    if not (text.isascii() and text.isdigit()):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is '{text}', which is no number of seconds",
            remedy="set it as in `SOURCE_DATE_EPOCH=$(date +%s)`, or unset it",
        )
    return int(text)


def _label(text: str) -> str:
    """A label that ext4 has room for, and that fstab, GRUB and the kernel take as one word."""
    if not _LABEL.fullmatch(text):
        raise UsageError(
            f"FS_LABEL is '{text}', which is no label",
            remedy="1 to 16 letters, digits, dots, dashes and underscores",
        )
    return text


def _optional_path(text: str | None) -> Path | None:
    return Path(text) if text else None
