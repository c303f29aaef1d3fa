"""Layered equals flat: a chain of layers shows what the same steps make of a plain directory."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livecd_rootfs import trees
from livecd_rootfs.layers import flatten
from livecd_rootfs.layers.store import Store
from tests import checkout
from tests.layers.changes import PLACES, VERBS, Change, layered_and_flat
from tests.layers.steps import build, write
from tests.ordinary import BECOME_USER, SHOW_USER, USER, add_user, python_for_all

PLACE = st.sampled_from(PLACES)
CHANGES: st.SearchStrategy[Change] = st.tuples(
    st.sampled_from(sorted(VERBS)), PLACE, PLACE, st.integers(1, 9)
)
STEPS = st.lists(st.lists(CHANGES, min_size=1, max_size=8), min_size=1, max_size=6)
NUMBERS = itertools.count()


@pytest.mark.root
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_random_changes(
    steps: list[list[Change]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flatten, "LONGEST_CHAIN", 3)
    scratch = tmp_path / str(next(NUMBERS))
    scratch.mkdir()
    try:
        assert not layered_and_flat(steps, scratch)
    finally:
        trees.remove(scratch)


EXAMPLES: dict[str, list[list[Change]]] = {
    "a folder of a lower layer is renamed": [
        [("folder", "a", "a", 1), ("write", "a/f", "a", 1), ("folder", "a/c", "a", 2)],
        [("move", "a", "b", 1)],
    ],
    "a folder is removed and made again": [
        [("folder", "a", "a", 1), ("write", "a/f", "a", 1)],
        [("again", "a", "a", 2)],
        [("write", "a/f", "a", 3)],
    ],
    "a folder becomes a file and a folder again": [
        [("folder", "a", "a", 1), ("write", "a/f", "a", 1)],
        [("to_file", "a", "a", 1)],
        [("again", "a", "a", 1)],
    ],
    "a file with a capability is chmodded": [
        [("write", "f", "f", 1), ("capability", "f", "f", 1), ("xattr", "f", "f", 1)],
        [("mode", "f", "f", 4)],
    ],
    "one of two names of a file is removed": [
        [("folder", "a", "a", 1), ("hard_links", "a", "a", 2)],
        [("part_links", "a", "a", 1)],
    ],
    "devices, fifos, holes and owners": [
        [("device", "f", "f", 1), ("folder", "a", "a", 1), ("fifo", "a/f", "a", 1)],
        [("sparse", "a/g", "a", 9), ("owner", "a/g", "a", 7), ("owner", "a", "a", 7)],
        [("remove", "f", "f", 1), ("owner", "a/f", "a", 3), ("mode", "a", "a", 1)],
    ],
}


@pytest.mark.root
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatten, "LONGEST_CHAIN", 2)
    assert not layered_and_flat(EXAMPLES[name], tmp_path)


@pytest.mark.root
def test_a_step_that_writes_to_one_of_several_names_parts_them(tmp_path: Path) -> None:
    """See ``layers.overlay``. To write anew and rename, as dpkg does, is right on layers too."""
    with build(Store.open(tmp_path), tmp_path / "slot") as run:
        run.step("one", write("a", "old"))
        run.step("two", lambda root: (root / "b").hardlink_to(root / "a"))
        run.step("three", write("b", "new"))
        with run.merged() as merged:
            assert [(merged / name).read_text() for name in "ab"] == ["old", "new"]


INSIDE = f"""
mount -t tmpfs none /mnt
mkdir /mnt/work /mnt/checkout
mount --bind "$1" /mnt/work
mount --bind "$2" /mnt/checkout
users="$3"
{SHOW_USER}
chown {USER} /mnt/work
cd /mnt/checkout
exec {BECOME_USER} \\
    unshare --user --map-root-user --map-auto --mount -- \\
    "$4" -B -m tests.layers.changes /mnt/work 1 40
"""


@pytest.mark.root
@pytest.mark.tools("setpriv", "unshare", "newuidmap")
def test_as_an_ordinary_user_in_a_user_namespace(tmp_path: Path) -> None:
    work, users = tmp_path / "work", tmp_path / "users"
    work.mkdir()
    users.mkdir()
    add_user(users)
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", INSIDE, "sh",
         work, checkout.ROOT, users, python_for_all()],
        capture_output=True, text=True, check=False, timeout=120, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not list(work.iterdir())
