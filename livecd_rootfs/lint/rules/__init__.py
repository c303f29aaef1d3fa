"""The rules, in an explicit table: a new rule is a module, and a line here."""

from __future__ import annotations

from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import (
    dependency_cycle,
    fixed_scratch_name,
    host_dependence,
    missing_script,
    missing_series,
    prefix_mismatch,
    produced_not_provided,
    provided_not_produced,
    shellcheck,
    undeclared_environment,
    unneeded_depends,
    unneeded_waiver,
)

# In the order of the documentation: names, hooks' files, lines, artifacts, style.
RULES: tuple[Rule, ...] = (
    missing_series,
    missing_script,
    dependency_cycle,
    produced_not_provided,
    provided_not_produced,
    unneeded_depends,
    undeclared_environment,
    fixed_scratch_name,
    host_dependence,
    prefix_mismatch,
    shellcheck,
    unneeded_waiver,
)
BY_CODE = {rule.CODE: rule for rule in RULES}
