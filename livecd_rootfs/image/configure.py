"""The step that configures the system in the root: names, accounts, consoles, network, initrd."""

from __future__ import annotations

from livecd_rootfs.image import consoles, firstboot, initrdoptions, netdev, rootaccount
from livecd_rootfs.steps.context import Context

_PARTS = (firstboot, rootaccount, consoles, netdev, initrdoptions)


def run(context: Context) -> str:
    """Write into the root what the settings of its system say.

    Returns:
        what was done, in one line.

    Raises:
        LivecdError: a value is none, or the root lacks what it needs.
    """
    told = [words for part in _PARTS for words in part.configure(context)]
    return f"configure: {', '.join(told) or 'nothing to do, no such setting is set'}"
