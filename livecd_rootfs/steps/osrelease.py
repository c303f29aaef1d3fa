"""What a root says of itself: os-release(5)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from livecd_rootfs.steps import rooted


def read(root: Path) -> Mapping[str, str]:
    """The variables of a root's os-release; empty when it has none."""
    return parse(rooted.text(root, "etc/os-release") or rooted.text(root, "usr/lib/os-release"))


def parse(text: str) -> Mapping[str, str]:
    """The variables; lines that are no assignment of one word are left out."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, equals, raw in pairs if equals and (value := _word(raw))}


def _word(raw: str) -> str:
    try:
        return "".join(shlex.split(raw))
    except ValueError:
        return ""
