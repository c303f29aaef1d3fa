"""The host's programs that this one calls, and the Debian and Ubuntu packages that have them.

Those of image steps, which may come from the tools root as well, stand in ``tools``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "apt-get": "apt",
        "cp": "coreutils",
        "dd": "coreutils",
        "diffoscope": "diffoscope-minimal",
        "dot": "graphviz",
        "gpg": "gpg",
        "lb": "live-build",
        "minisign": "minisign",
        "mmdebstrap": "mmdebstrap",
        "newuidmap": "uidmap",
        "nice": "coreutils",
        "setpriv": "util-linux",
        "shellcheck": "shellcheck",
        "ssh-add": "openssh-client",
        "unshare": "util-linux",
    }
)


def remedy(program: str) -> str | None:
    """How to get a program; ``None`` if it is none of these."""
    package = PACKAGES.get(program)
    return f"apt-get install {package}" if package else None
