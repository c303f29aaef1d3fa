"""The rules, in an explicit table: a new rule is a module, and a line here."""

from __future__ import annotations

from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import (
    dependency_cycle,
    missing_script,
    missing_series,
    unneeded_waiver,
)

# In the order of the documentation: names, hooks' files, lines, artifacts, style.
RULES: tuple[Rule, ...] = (
    missing_series,
    missing_script,
    dependency_cycle,
    unneeded_waiver,
)
BY_CODE = {rule.CODE: rule for rule in RULES}
