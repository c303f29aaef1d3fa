"""Colours for a terminal: what each part of a finding looks like."""

from __future__ import annotations

# Select Graphic Rendition of ECMA-48, in the eight colours that every theme makes legible.
STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "message": "1",
    "frame": "34",
    "note": "1",
    "help": "1;32",
}


def ansi(part: str, text: str) -> str:
    """The text in the style of a part of a finding."""
    style = STYLES.get(part)
    return f"\x1b[{style}m{text}\x1b[0m" if style and text else text
