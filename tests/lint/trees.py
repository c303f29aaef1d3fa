"""What tests of rules share: an example is planted, and rules are run over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs.diagnostics import Diagnostic
from livecd_rootfs.lint import configuration, engine, examples
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import RULES, unneeded_waiver
from livecd_rootfs.lint.tree import LintTree

HERE = "hooks.d"


def found_in(example: str, folder: Path, rules: Sequence[Rule] = RULES) -> tuple[Diagnostic, ...]:
    """The findings of an example, whose tree is ``hooks.d`` in the working directory."""
    examples.plant(example, folder / HERE)
    settings = configuration.find(HERE)
    context = Context(LintTree(HERE), project=settings.project, builds=settings.builds)
    return engine.run(context, rules).findings


def only(rule: Rule) -> tuple[Rule, ...]:
    """A rule alone; what is not needed shows against all others."""
    return RULES if rule is unneeded_waiver else (rule,)
