"""``python -m livecd_rootfs`` is ``livecd-rootfs``."""

from livecd_rootfs.cli import main

main()
