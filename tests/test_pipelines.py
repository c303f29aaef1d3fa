"""Runs with the image pipeline are told from others, and never mixed with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from livecd_rootfs import pipelines
from livecd_rootfs.errors import UsageError
from tests import checkout
from tests.build.conftest import plant

TREE = checkout.ROOT / "hooks.d"


@pytest.mark.parametrize(
    ("builds", "found"),
    [
        ([], False),
        ([["image"]], True),
        ([["qcow2", "image"]], True),
        ([["image,qcow2"], ["image"]], True),
        ([["qcow2"], ["squashfs"]], False),
        ([["all"]], False),
        ([["base"]], False),
        ([["unknown"]], False),
    ],
)
def test_which_builds_have_it(builds: Sequence[Sequence[str]], *, found: bool) -> None:
    assert pipelines.asked(TREE, builds) is found


def test_a_target_that_depends_on_it_has_it(tmp_path: Path) -> None:
    files = {
        "base/install-distribution.binary": "#!/bin/sh\n",
        "base/series/image": "base/install-distribution.binary\n",
        "base/series/mine": "depends image\n",
    }
    assert pipelines.asked(plant(tmp_path, files), [["mine"]])


def test_they_are_not_mixed() -> None:
    with pytest.raises(UsageError) as failure:
        pipelines.asked(TREE, [["qcow2"], ["image"]])
    assert failure.value.message == "'image' and 'qcow2' can't be built in one run"
    assert failure.value.remedy == "run two builds, one after another"
