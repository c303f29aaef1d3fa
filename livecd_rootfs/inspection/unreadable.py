"""The failure of everything that reads an artifact."""

from livecd_rootfs.errors import LivecdError


class Unreadable(LivecdError):
    """An artifact that is damaged or of no known kind; its message speaks of it as ``it``."""
