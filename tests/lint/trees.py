"""What tests of rules share: examples are planted, and rules or the command run over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livecd_rootfs.diagnostics import Diagnostic
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import EXIT_USAGE, LivecdError, render
from livecd_rootfs.lint import cli, configuration, engine, examples
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


def lint(*arguments: str | Path, **variables: str) -> Outcome:
    """What the command says, as its edge would print it; its cache is in the working directory."""
    try:
        return cli.run(
            [str(one) for one in arguments], environ={"LIVECD_CACHE": "cache", **variables}
        )
    except LivecdError as error:
        return Outcome(status=EXIT_USAGE, out="", err=render(error, cli.PROGRAM))


def only(rule: Rule) -> tuple[Rule, ...]:
    """A rule alone; what is not needed shows against all others."""
    return RULES if rule is unneeded_waiver else (rule,)
