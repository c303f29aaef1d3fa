"""What is read of the machine and of the environment: architecture, the cache."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "ppc64le": "ppc64el"}


def host_architecture() -> str:
    """The machine's architecture in Debian's words."""
    machine = platform.machine()
    return _MACHINES.get(machine, machine)


def cache_directory(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Where roots, tools and logs are kept between runs.

    ``--cache``, else $LIVECD_CACHE, else /var/cache/livecd-rootfs for root and
    the user's own cache directory (XDG Base Directory Specification) for others.
    """
    if option is not None:
        return option.absolute()
    if environ.get("LIVECD_CACHE"):
        return Path(environ["LIVECD_CACHE"]).absolute()
    if os.geteuid() == 0 and "LIVECD_USERNS" not in environ:
        return Path("/var/cache/livecd-rootfs")
    home = Path(environ.get("HOME", "/"))
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "livecd-rootfs"
