"""The documentation of rules, from their modules."""

from __future__ import annotations

from collections.abc import Iterable

from livecd_rootfs.lint.rule import Rule

INDENT = "    "


def page(rule: Rule) -> str:
    """All that there is to know about a rule."""
    fixes = [f"\nWith --fix: {rule.FIXES}\n"] if rule.FIXES else []
    return "".join(
        [
            f"{rule.CODE} ({rule.SEVERITY.value}): {rule.WHAT}.\n",
            f"\n{_flowing(rule.WHY)}\n",
            f"\nWrong:\n\n{_indented(rule.BAD)}",
            f"\nRight:\n\n{_indented(rule.GOOD)}",
            f"\n{_flowing(rule.INSTEAD)}\n",
            *fixes,
            f"\nTo allow it at one place, on the line before:\n\n{INDENT}# lint: allow {rule.CODE}\n",
        ]
    )


def table(rules: Iterable[Rule]) -> str:
    """The rules, a line each."""
    rules = tuple(rules)
    width = max(len(rule.CODE) for rule in rules)
    lines = (
        f"{rule.CODE:<{width}}  {rule.SEVERITY.value:<7}  {'fix' if rule.FIXES else '   '}  {rule.WHAT}\n"
        for rule in rules
    )
    return "".join(lines)


def _flowing(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 80)


def _indented(example: str) -> str:
    shown = example.encode("utf-8", "backslashreplace").decode().replace("\ufeff", "<U+FEFF>")
    return "".join(f"{INDENT}{line}\n" for line in shown.splitlines())
