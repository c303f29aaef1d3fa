"""The failure of everything that reads an artifact."""

from livecd_rootfs.errors import LivecdError

# What helps: with a file that is damaged, one of others, and one of a kind that is not read.
ANEW = "copy or download it again, and compare its checksum"
AS_OWNER = "look into it as its owner, or as root"
KNOWN = "`livecd-rootfs inspect --help` lists what is read"


class Unreadable(LivecdError):
    """An artifact that is damaged or of no known kind; its message speaks of it as ``it``."""

    def about(self, message: str) -> LivecdError:
        """The same failure, told by a command; damage is what nothing else helps with."""
        why = f"{self.message}: {self.why}" if self.why else self.message
        return LivecdError(message, why=why, remedy=self.remedy or ANEW)
