"""Giving settings their values, one assignment after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livecd_rootfs.errors import UsageError
from livecd_rootfs.settings import checks
from livecd_rootfs.settings.row import LISTS, Setting
from livecd_rootfs.settings.value import DEFAULT, Value, added


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One ``Option=Value``.

    Attributes:
        row: the option.
        text: what it is set to.
        origin: who set it.
        place: to the column, where it is in a file.
        weak: whether it counts only where no line of a file sets the option without an ``@``.
    """

    row: Setting
    text: str
    origin: str
    place: str
    weak: bool = False


def prevailing(assignments: Iterable[Assignment]) -> tuple[Assignment, ...]:
    """Assignments of files without the weak ones of options that another line sets.

    Args:
        assignments: in their order; those of default files have no place.
    """
    found = tuple(assignments)
    given = {each.row.name for each in found if each.place and not each.weak}
    return tuple(each for each in found if not each.weak or each.row.name not in given)


def merged(*steps: Iterable[Assignment]) -> dict[str, Value]:
    """The values that assignments give, in order."""
    return merged_on({}, *steps)


def merged_on(values: Mapping[str, Value], *steps: Iterable[Assignment]) -> dict[str, Value]:
    """Values, as assignments change them."""
    found = dict(values)
    for each in (each for step in steps for each in step):
        found[each.row.name] = value(each.row, found.get(each.row.name), each)
    return found


def value(row: Setting, earlier: Value | None, new: Assignment) -> Value:
    """The value of a setting that is set once more.

    A list grows; an empty value begins it anew, and gives any other its default again.

    Raises:
        UsageError: it can't be read.
    """
    if not new.text and row.default:
        return Value(text=row.default, origin=DEFAULT)
    if row.kind not in LISTS:
        return Value(text=checks.canonical(row, new.text), origin=new.origin, place=new.place)
    text, place = _added(row, earlier, new), new.place or new.origin
    if not new.text or earlier is None or not earlier.text or earlier.origin == DEFAULT:
        return Value(text=text, origin=new.origin, place=place)
    # Which of them has the item that a message is about is not known.
    return Value(
        text=text, origin=f"{earlier.origin}, {new.origin}", place=f"{earlier.where}, {place}"
    )


def _added(row: Setting, earlier: Value | None, new: Assignment) -> str:
    try:
        return added(row, earlier.text if earlier else "", new.text)
    except ValueError as error:
        raise UsageError(
            f"{row.option} can't be read",
            place=new.place or new.origin,
            why=str(error),
            remedy="a quotation mark needs another one",
        ) from error
