"""Near names: what someone may have meant who wrote a name that does not exist."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SUGGESTIONS = 3
LIKENESS = 0.6
# How much less alike than the best name another one may be.
NEARLY_AS_GOOD = 0.1


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names most like a name, best first.

    Where paths have the same last part, those that are only spelt alike are left out.
    """
    names = sorted(set(known))
    last = name.rsplit("/", 1)[-1]
    moved = [other for other in names if other.rsplit("/", 1)[-1] == last]
    alike = moved or _nearly_as_good(
        name, difflib.get_close_matches(name, names, SUGGESTIONS, LIKENESS)
    )
    return tuple(alike[:SUGGESTIONS])


def _nearly_as_good(name: str, alike: list[str]) -> list[str]:
    scores = [difflib.SequenceMatcher(a=other, b=name).ratio() for other in alike]
    return [
        other
        for other, score in zip(alike, scores, strict=True)
        if score > scores[0] - NEARLY_AS_GOOD
    ]


def did_you_mean(names: tuple[str, ...]) -> str | None:
    """The question that offers near names, if there are any."""
    if not names:
        return None
    quoted = [f"'{name}'" for name in names]
    listed = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)
    return f"did you mean {listed}?"
