"""What dpkg and the scripts of packages are told while a root is made, and afterwards."""

from __future__ import annotations

# Kernel packages' scripts obey this (Debian kernel handbook, "Hooks"): the initramfs
# is made once, after everything that goes into it.
NO_INITRAMFS = {"INITRD": "No"}
# A file that was there before its package stays as it is, without a question.
KEEP_FILES = ("force-confdef", "force-confold")
