"""Values: built from keywords, compared by content, never changed."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable

import pytest

from livecd_rootfs import hooksdir, process, resolution, series, source, steps, values


class Pair(values.Value):
    """An example."""

    left: int
    right: str


def test_content_decides_equality_and_hash() -> None:
    assert Pair(left=1, right="x") == Pair(right="x", left=1)
    assert Pair(left=1, right="x") != Pair(left=2, right="x")
    assert Pair(left=1, right="x") != (1, "x")
    assert len({Pair(left=1, right="x"), Pair(left=1, right="x")}) == 1


class Labelled(values.Value):
    """An example with defaults."""

    left: int
    label: str = "none"
    more: tuple[int, ...] = ()


def test_defaults() -> None:
    assert Labelled(left=1) == Labelled(left=1, label="none", more=())
    assert Labelled(left=1, more=(2,)).more == (2,)
    kind: Callable[..., Labelled] = Labelled
    with pytest.raises(TypeError, match="lacks the field left"):
        kind(label="x", other=1)


def test_another_that_differs_in_a_field() -> None:
    first = Labelled(left=1, label="x")
    assert values.replaced(first, left=2) == Labelled(left=2, label="x")
    assert first.left == 1
    with pytest.raises(TypeError, match="takes the fields left, label, more"):
        values.replaced(first, other=2)


def test_a_hook_starts_without_dataclasses() -> None:
    """A build starts dozens of hooks; what each one loads is waited for."""
    names = sorted(each.name for each in pkgutil.iter_modules(steps.__path__))
    imports = "; ".join(f"import livecd_rootfs.steps.{name}" for name in names)
    told = "print(*sorted({'dataclasses', 'difflib', 'inspect'} & set(sys.modules)))"
    ended = process.run([sys.executable, "-c", f"import sys; {imports}; {told}"])
    assert ended.stdout == "\n"


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
