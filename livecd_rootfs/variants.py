"""The words by which variants of an image are asked for."""

from __future__ import annotations

# Values of SUBPROJECT, as Ubuntu's builders have them.
MINIMIZED = "minimized"
# Values of BOOTLOADER.
GRUB = "grub"
SYSTEMD_BOOT = "systemd-boot"
# Values of COMPRESSION, from the quickest to the smallest; what each means is decided in
# steps/compression.py.
COMPRESSIONS = ("fast", "balanced", "small")
COMPRESSION_DEFAULT = "balanced"
