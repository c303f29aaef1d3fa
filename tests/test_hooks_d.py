"""The project's own hooks.d: every series in it can be resolved, every header read."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest

from livecd_rootfs import header
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.resolve import kernel_flavour, resolve
from livecd_rootfs.series import artifact_prefix
from tests import checkout

TREE = HookTree(str(checkout.ROOT / "hooks.d"))
PREFIX = artifact_prefix(None, None)
NAMES = TREE.series_names()


@pytest.mark.parametrize("name", NAMES)
def test_series_has_no_fault(name: str) -> None:
    resolution = resolve([name], TREE, prefix=PREFIX)
    assert resolution.diagnostics == ()
    assert resolution.hooks[-1].name == "base/final.binary"


@pytest.mark.parametrize(
    "hook", sorted({hook.name for hook in resolve(NAMES, TREE, prefix=PREFIX).hooks})
)
def test_header_has_no_fault(hook: str) -> None:
    assert header.parse(hook, Path(TREE.path(hook)).read_bytes()).diagnostics == ()


def test_all_is_every_series_but_that_of_projects() -> None:
    """The image pipeline makes what a project's mkosi.conf asks for."""
    reached = {reach.series.name for reach in resolve(["all"], TREE, prefix=PREFIX).reaches}
    assert reached == set(NAMES) - {"image"}


@pytest.mark.parametrize("name", ["all", "base"])
def test_an_aggregate_keeps_everything(name: str) -> None:
    assert resolve([name], TREE, prefix=PREFIX).explicit_provides == ()


def test_two_series_never_provide_the_same_artifact() -> None:
    """Builders of different targets publish to one place."""
    resolution = resolve(NAMES, TREE, prefix=PREFIX)
    made = {(one.artifact, one.reach.series.name) for one in resolution.provides}
    assert not [name for name, count in Counter(name for name, _ in made).items() if count > 1]


@pytest.mark.parametrize("pair", tuple(permutations(NAMES, 2)), ids=" ".join)
def test_together_the_hooks_are_those_of_each(pair: tuple[str, str]) -> None:
    together = resolve(pair, TREE, prefix=PREFIX)
    hooks = [hook.name for hook in together.hooks]
    kernel = kernel_flavour(hooks)  # one of the two may bring it for both
    alone = [resolve([name], TREE, prefix=PREFIX, flavour=kernel) for name in pair]
    assert set(hooks) == {hook.name for one in alone for hook in one.hooks}
    order = [hook.name for hook in alone[0].hooks if hook.origin == "series"]
    assert [hook for hook in hooks if hook in order] == order
    assert together.explicit_provides == sum((one.explicit_provides for one in alone), ())
