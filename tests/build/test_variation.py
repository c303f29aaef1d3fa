"""The surroundings of two builds that are compared, and which of their layers belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.build import variation
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import key
from livecd_rootfs.layers.key import Part, PartKind, Recipe
from livecd_rootfs.layers.layer import Layer, Meta
from livecd_rootfs.layers.treehash import IGNORED, Times

FIRST, SECOND = variation.surroundings(Path("/cache/builds/build-1"), {2, 3}, jobs=4)


def layer(name: str, *parts: Part, after: Layer | None = None, created: float = 0) -> Layer:
    recipe = Recipe(parent=after.key if after else None, kind="binary", name=name, parts=parts)
    meta = Meta(
        key=key.key(recipe),
        making="",
        after=None,
        recipe=recipe,
        seconds=1,
        created=created,
        size=0,
        boot="",
    )
    return Layer(path=Path("/store", meta.key), meta=meta)


def of(kind: PartKind, name: str, text: str) -> Part:
    return key.of_text(kind, name, text)


def test_nothing_that_can_be_varied_is_the_same() -> None:
    assert len(str(FIRST.cache)) != len(str(SECOND.cache))
    assert FIRST.hostname != SECOND.hostname
    assert FIRST.umask != SECOND.umask
    assert (FIRST.cores, SECOND.cores) == (frozenset({2, 3}), frozenset({2}))
    assert (FIRST.jobs, SECOND.jobs) == (4, 1)
    assert FIRST.variables.keys() == SECOND.variables.keys()
    assert not {*FIRST.variables.values()} & {*SECOND.variables.values()}


def test_who_wants_one_job_gets_two_in_the_second_build() -> None:
    first, second = variation.surroundings(Path("/cache"), {0}, jobs=1)
    assert (first.jobs, second.jobs) == (1, 2)


def test_the_users_own_language_does_not_hide_the_variation() -> None:
    user = {"PATH": "/bin", "LANG": "fr_FR.UTF-8", "LC_ALL": "C", "LANGUAGE": "fr", "TZ": "CET"}
    assert FIRST.environment(user) == {
        "PATH": "/bin",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "1",
    }


def test_the_table_of_what_was_varied() -> None:
    assert variation.rows(FIRST, SECOND, "2026-11-22 00:49:10", 140) == (
        ("varied", "first build", "second build"),
        ("directory", ".../first", ".../the-second-build-has-a-longer-name"),
        ("time", "2026-11-22 00:49:10", "2 min 20 s later"),
        ("host name", "first", "second.example"),
        ("TZ", "UTC", "<+14>-14"),
        ("LANG", "C.UTF-8", "tr_TR.UTF-8"),
        ("PYTHONHASHSEED", "1", "2"),
        ("umask", "022", "077"),
        ("cores", "2", "1"),
        ("jobs", "4", "1"),
    )


@pytest.mark.parametrize(
    ("parts", "counted"),
    [
        ((of(PartKind.VARIABLE, "SOURCE_DATE_EPOCH", "1700000000"),), Times(counted=True, latest=1700000000)),
        ((of(PartKind.SETTING, "date", "1600000000"),), Times(counted=True, latest=1600000000)),
        ((of(PartKind.SETTING, "network", "1"),), IGNORED),
    ],
    ids=["a hook", "a bootstrap", "a given root"],
)  # fmt: skip
def test_times_count_up_to_the_date_of_the_build(parts: tuple[Part, ...], counted: Times) -> None:
    assert variation.times(Recipe(parent=None, kind="binary", name="x", parts=parts)) == counted


def test_layers_are_paired_by_key_in_the_order_of_their_making() -> None:
    early, late = layer("early", created=1), layer("late", created=2)
    again = layer("late", created=8), layer("early", created=9)
    assert variation.pairs([late, early], again) == ((early, again[1]), (late, again[0]))


def test_builds_of_different_inputs_are_not_compared() -> None:
    archive = "trixie_InRelease"
    first = layer("bootstrap", of(PartKind.ARCHIVE, archive, "yesterday's"))
    second = layer("bootstrap", of(PartKind.ARCHIVE, archive, "today's"))
    with pytest.raises(LivecdError, match="they had different inputs") as caught:
        variation.pairs([first], [second])
    assert caught.value.place == "bootstrap"
    assert caught.value.notes == (f'archive {archive} was "yesterday\'s", is "today\'s"',)


def test_a_step_that_the_second_build_does_not_have_is_a_different_input() -> None:
    with pytest.raises(LivecdError, match="they had different inputs") as caught:
        variation.pairs([layer("one")], [])
    assert (caught.value.place, caught.value.notes) == ("one", ())


def test_each_build_has_its_own_chain_after_a_shared_layer() -> None:
    root = layer("root")
    left = layer("left", after=root)
    right = layer("right", after=root)
    last = layer("last", after=right)
    layers = (last, left, right, root)
    assert variation.after(root, layers) == ((left,), (right, last))
    assert variation.after(right, layers) == ((last,),)
    assert variation.after(last, layers) == ((),)
