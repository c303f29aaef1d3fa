"""One tree and one disk for all tests of this folder, and a bench with the host's tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from livecd_rootfs.inspection import bench
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.tools import Mode, Toolbox
from tests.inspection import images


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return images.plant(tmp_path_factory.mktemp("tree") / "root")


@pytest.fixture(scope="session")
def raw_disk(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return images.disk(planted, tmp_path_factory.mktemp("disk") / "small.raw")


@pytest.fixture
def at() -> Iterator[Bench]:
    with bench.opened(Toolbox(mode=Mode.HOST, any_version=True)) as opened:
        yield opened
        scratch = opened.scratch
    assert not scratch.exists()
