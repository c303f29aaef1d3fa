"""Findings about files as values: what, where, why, what to do; renderers stand beside."""

from __future__ import annotations

from livecd_rootfs.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label, Severity
from livecd_rootfs.diagnostics.near import near

__all__ = ["Diagnostic", "Edit", "Fix", "Label", "Severity", "near"]
