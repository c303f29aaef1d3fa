"""The command line: parse, call, print; nothing else of the package prints or exits."""

from __future__ import annotations

from livecd_rootfs.cli.program import app, main

__all__ = ["app", "main"]
