"""Near names: what someone may have meant who wrote a name that does not exist."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SUGGESTIONS = 3
LIKENESS = 0.6


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names most like a name, best first.

    Paths with the same last part come before those that are only spelt alike.
    """
    names = sorted(set(known))
    last = name.rsplit("/", 1)[-1]
    moved = [other for other in names if other.rsplit("/", 1)[-1] == last]
    alike = difflib.get_close_matches(name, names, SUGGESTIONS, LIKENESS)
    return tuple(dict.fromkeys(moved + alike))[:SUGGESTIONS]


def did_you_mean(names: tuple[str, ...]) -> str | None:
    """The question that offers near names, if there are any."""
    if not names:
        return None
    quoted = [f"'{name}'" for name in names]
    listed = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)
    return f"did you mean {listed}?"
