"""``livecd-rootfs tools``: the tools root, made beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from livecd_rootfs import toolsroot
from livecd_rootfs.settings import host_architecture, proxies


def ensure(
    cache: Path, machine: str, environ: Mapping[str, str], progress: Callable[[str], None]
) -> Path:
    """The tools root that can boot images of an architecture; made if it is not there.

    Args:
        cache: the cache directory.
        machine: the images' architecture, in the distribution's words.
        environ: the user's environment, for proxies.
        progress: called with what is going on.

    Raises:
        LivecdError: it can't be made.
    """
    request = toolsroot.Request(cache=cache, architecture=host_architecture(), machines=(machine,))
    return toolsroot.ensure(request, environ=proxies(environ), progress=progress)
