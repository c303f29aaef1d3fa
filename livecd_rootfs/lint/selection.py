"""Which rules run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from livecd_rootfs.diagnostics.near import did_you_mean, near
from livecd_rootfs.errors import UsageError
from livecd_rootfs.lint.rule import Rule
from livecd_rootfs.lint.rules import BY_CODE, RULES


def rule(code: str) -> Rule:
    """The rule of a name.

    Raises:
        UsageError: there is none.
    """
    if code not in BY_CODE:
        raise UsageError(
            f"there is no rule '{code}'",
            remedy=did_you_mean(near(code, BY_CODE)) or "series-lint --rules lists them",
        )
    return BY_CODE[code]


def choose(select: Iterable[str], ignore: Iterable[str]) -> tuple[Rule, ...]:
    """The rules to run, in the order of the table.

    Args:
        select: the names of the only ones; all when there are none.
        ignore: the names of those that are left out.

    Raises:
        UsageError: there is no rule of a name.
    """
    chosen = [rule(code).CODE for code in select] or [one.CODE for one in RULES]
    ignored = {rule(code).CODE for code in ignore}
    return tuple(one for one in RULES if one.CODE in chosen and one.CODE not in ignored)


def split(words: Sequence[str] | None) -> tuple[str, ...]:
    """The names in words that may each hold several, apart by commas or white space."""
    return tuple(",".join(words or ()).replace(",", " ").split())
