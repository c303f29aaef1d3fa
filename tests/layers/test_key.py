"""Keys: each part counts, order counts, and a difference is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs.layers import key
from livecd_rootfs.layers.key import Part, PartKind, Recipe

HOOK = key.of_bytes(PartKind.HOOK, "chroot/940-caches.chroot", b"#!/bin/sh\n")
MODE = key.of_text(PartKind.MODE, "", "0755")
OVF = key.of_bytes(PartKind.SUPPORT, "base/data/ovf.xml", b"<ovf/>")
SUITE = key.of_text(PartKind.VARIABLE, "SUITE", "trixie")
RECIPE = Recipe(
    parent="a" * 64,
    after="chroot/010-locale.chroot",
    kind="chroot",
    name="chroot/940-caches.chroot",
    parts=(HOOK, MODE, OVF, SUITE),
)


def with_part(old: Part, new: Part) -> Recipe:
    return replace(RECIPE, parts=tuple(new if part is old else part for part in RECIPE.parts))


CHANGED = [
    (
        with_part(HOOK, key.of_bytes(PartKind.HOOK, HOOK.name, b"#!/bin/bash\n")),
        "hook bytes chroot/940-caches.chroot changed",
    ),
    (
        with_part(MODE, key.of_text(PartKind.MODE, "", "0700")),
        "hook mode of chroot/940-caches.chroot was '0755', is '0700'",
    ),
    (
        with_part(OVF, key.of_bytes(PartKind.SUPPORT, OVF.name, b"<new/>")),
        "support file base/data/ovf.xml changed",
    ),
    (
        with_part(SUITE, key.of_text(PartKind.VARIABLE, "SUITE", "sid")),
        "variable SUITE was 'trixie', is 'sid'",
    ),
    (
        with_part(SUITE, key.of_text(PartKind.SETTING, "SUITE", "trixie")),
        "setting SUITE is new ('trixie')",
    ),
    (replace(RECIPE, parts=(HOOK, MODE, OVF)), "variable SUITE is gone ('trixie')"),
    (replace(RECIPE, parts=(HOOK, MODE, SUITE)), "support file base/data/ovf.xml is gone"),
    (replace(RECIPE, parent="b" * 64), "the step before it changed: chroot/010-locale.chroot"),
    (
        replace(RECIPE, parent="b" * 64, after="chroot/020.chroot"),
        "the step before it was chroot/010-locale.chroot, is chroot/020.chroot",
    ),
    (replace(RECIPE, parent=None), "it was after chroot/010-locale.chroot, is the first step"),
    (replace(RECIPE, kind="binary"), "the step was of kind chroot, is of kind binary"),
    (replace(RECIPE, name="x"), "the step was chroot/940-caches.chroot, is x"),
]


@pytest.mark.parametrize(("changed", "line"), CHANGED)
def test_each_part_changes_the_key_and_is_named(changed: Recipe, line: str) -> None:
    assert key.key(changed) != key.key(RECIPE)
    assert key.changes(RECIPE, changed)[0] == line


def test_a_first_step_that_became_a_later_one() -> None:
    first = replace(RECIPE, parent=None, after="")
    assert key.changes(first, RECIPE) == (
        "it was the first step, is after chroot/010-locale.chroot",
    )


def test_a_key_is_the_same_everywhere_and_always() -> None:
    """A change of the format must show here, so that FORMAT is raised with it."""
    assert key.key(RECIPE) == EXPECTED


EXPECTED = "54bdd43193a50749f8f03e08a9cf98eb4c4168acc1056305a15c7e21c9f0f490"


def test_what_is_told_but_not_used_is_not_in_the_key() -> None:
    shuffled = replace(RECIPE, parts=RECIPE.parts[::-1])
    renamed = replace(RECIPE, after="elsewhere")
    assert key.key(shuffled) == key.key(renamed) == key.key(RECIPE)
    assert not key.changes(RECIPE, shuffled)


def test_the_order_of_steps_is_in_the_key() -> None:
    def chain(*names: str) -> str | None:
        parent = None
        for name in names:
            parent = key.key(Recipe(parent=parent, kind="chroot", name=name))
        return parent

    assert chain("a", "b") != chain("b", "a")


def test_a_part_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice"):
        key.key(replace(RECIPE, parts=(SUITE, SUITE)))


def test_a_secret_is_in_the_key_but_not_in_the_text() -> None:
    secret = key.of_text(PartKind.VARIABLE, "TOKEN", "hunter2", secret=True)
    assert secret.text is None
    assert secret.digest == key.of_text(PartKind.VARIABLE, "TOKEN", "hunter2").digest


TEXTS = st.text(max_size=5)
PARTS = st.builds(key.of_text, st.sampled_from(PartKind), TEXTS, TEXTS)
RECIPES: st.SearchStrategy[Recipe] = st.builds(
    Recipe,
    parent=st.none() | st.text("ab", max_size=3),
    after=TEXTS,
    kind=TEXTS,
    name=TEXTS,
    parts=st.lists(PARTS, max_size=4, unique_by=lambda part: (part.kind, part.name)).map(tuple),
)


@given(RECIPES, RECIPES)
def test_keys_differ_exactly_when_there_are_changes(one: Recipe, other: Recipe) -> None:
    assert (key.key(one) == key.key(other)) is (not key.changes(one, other))


@given(RECIPES)
def test_a_stored_recipe_comes_back(recipe: Recipe) -> None:
    back = key.from_json(json.loads(json.dumps(key.to_json(recipe))))
    assert key.key(back) == key.key(recipe)
    assert not key.changes(back, recipe)
    assert key.to_json(back) == key.to_json(recipe)


def test_the_nearest_recipe_is_that_of_the_same_step_with_the_fewest_changes() -> None:
    far = replace(RECIPE, parent="c" * 64, parts=())
    near = replace(RECIPE, parts=(HOOK, MODE, OVF))
    assert key.nearest(RECIPE, (far, near, replace(RECIPE, name="other"))) is near
    assert key.nearest(RECIPE, (replace(RECIPE, kind="binary"),)) is None


BROKEN: list[Callable[[dict[str, object]], object]] = [
    lambda data: data.pop("parts"),
    lambda data: data.update(parts="x"),
    lambda data: data.update(parts=[{"kind": "unknown", "name": "", "digest": "", "text": None}]),
]


@pytest.mark.parametrize("breaks", BROKEN)
def test_what_is_no_recipe_is_refused(breaks: Callable[[dict[str, object]], object]) -> None:
    data = key.to_json(RECIPE)
    breaks(data)
    with pytest.raises((KeyError, TypeError, ValueError)):
        key.from_json(data)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("a\nb\nc", "c\nd", "lost 'a' and 1 more, got 'd'"),
        ("a", "a\nb", "got 'b'"),
        ("a\nb", "b\na", "is in another order"),
    ],
)
def test_of_a_list_it_is_told_what_was_lost_and_got(before: str, after: str, said: str) -> None:
    old, new = (
        replace(RECIPE, parts=(key.of_text(PartKind.SETTING, "names", text),))
        for text in (before, after)
    )
    assert key.changes(old, new) == (f"setting names {said}",)
