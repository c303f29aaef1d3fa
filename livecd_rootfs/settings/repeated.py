"""Options that two files of a project set differently: releases of mkosi differ in which counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from livecd_rootfs.settings.assigning import Assignment
from livecd_rootfs.settings.row import LISTS, Kind


def repeated(assignments: Iterable[Assignment]) -> Iterator[str]:
    """A warning for each option of one value that counts otherwise than in mkosi 15.

    There the first file has precedence over later ones, in releases before and after
    it the last one has (mkosi(1) of 15, "CONFIGURATION FILES"; NEWS of 16).

    Args:
        assignments: in their order; those of default files have no place.
    """
    first: dict[str, Assignment] = {}
    last: dict[str, Assignment] = {}
    for each in assignments:
        if each.place and each.row.kind not in LISTS:
            first.setdefault(each.row.name, each)
            last[each.row.name] = each
    for name, one in first.items():
        other = last[name]
        if one.text != other.text and _file(one) != _file(other):
            yield _warning(one, other)


def _warning(one: Assignment, other: Assignment) -> str:
    shown = "" if one.row.kind in {Kind.PRIVATE, Kind.HASH} else f", '{one.text}'"
    return (
        f"{other.place}: this {other.row.option} counts, for it comes last; "
        f"mkosi 15 takes that of {one.place}{shown}"
    )


def _file(each: Assignment) -> str:
    return each.place.rsplit(":", maxsplit=2)[0]
