"""The shell functions for hooks: one file, ``config/functions``, of parts that are each about one thing."""

from __future__ import annotations

from pathlib import Path

# In the order in which a shell reads them: the first one takes the hook's EXIT trap over.
PARTS = ("journal", "disks", "mounts", "images", "grub")


def functions() -> str:
    """The text of ``config/functions``."""
    folder = Path(__file__).parent
    return "\n".join((folder / f"{part}.sh").read_text(encoding="utf-8") for part in PARTS)
