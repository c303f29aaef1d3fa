"""Values: built from keywords, compared by content, never changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livecd_rootfs import hooksdir, resolution, series, source, values


class Pair(values.Value):
    """An example."""

    left: int
    right: str


def test_content_decides_equality_and_hash() -> None:
    assert Pair(left=1, right="x") == Pair(right="x", left=1)
    assert Pair(left=1, right="x") != Pair(left=2, right="x")
    assert Pair(left=1, right="x") != (1, "x")
    assert len({Pair(left=1, right="x"), Pair(left=1, right="x")}) == 1


def test_shows_its_fields() -> None:
    assert repr(Pair(left=1, right="x")) == "Pair(left=1, right='x')"


def test_can_not_be_changed() -> None:
    pair = Pair(left=1, right="x")
    with pytest.raises(AttributeError, match=r"Pair\.left can't be changed"):
        setattr(pair, "left", 2)  # noqa: B010 (mypy would refuse the assignment)
    with pytest.raises(AttributeError, match=r"Pair\.left can't be removed"):
        delattr(pair, "left")
    with pytest.raises(AttributeError):
        setattr(pair, "other", 2)  # noqa: B010 (mypy would refuse the assignment)


@pytest.mark.parametrize("fields", [{}, {"left": 1}, {"left": 1, "other": 2}, {"a": 1, "b": 2}])
def test_needs_each_field_and_no_other(fields: dict[str, int]) -> None:
    kind: Callable[..., Pair] = Pair
    with pytest.raises(TypeError, match="Pair"):
        kind(**fields)


@pytest.mark.parametrize(
    "kind",
    [
        hooksdir.HooksPlan,
        hooksdir.Link,
        resolution.OrderedHook,
        resolution.Provided,
        resolution.Reach,
        resolution.Resolution,
        series.Entry,
        series.Series,
        source.Position,
        source.Span,
    ],
)
def test_annotations_are_the_slots(kind: type[values.Value]) -> None:
    assert kind.__slots__ == tuple(kind.__annotations__)
