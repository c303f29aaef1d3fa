"""The architecture in Go's words, as the OCI image specification and Vagrant have it."""

from __future__ import annotations

from collections.abc import Mapping

# Those that are not Debian's words.
_PLATFORMS: Mapping[str, Mapping[str, str]] = {
    "arm64": {"architecture": "arm64", "variant": "v8"},
    "armhf": {"architecture": "arm", "variant": "v7"},
    "armel": {"architecture": "arm", "variant": "v5"},
    "i386": {"architecture": "386"},
    "mips64el": {"architecture": "mips64le"},
    "ppc64el": {"architecture": "ppc64le"},
}


def platform(arch: str) -> Mapping[str, str]:
    """The ``architecture``, and where it has several the ``variant``, of an image.

    Args:
        arch: the architecture in Debian's words.
    """
    return _PLATFORMS.get(arch, {"architecture": arch})
