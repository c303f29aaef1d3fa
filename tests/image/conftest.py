"""A context of the image pipeline over a root that takes no time to make."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.steps import context
from livecd_rootfs.steps.context import Context
from livecd_rootfs.tools import Mode, Toolbox
from tests.build.conftest import command, tiny_root

__all__ = ("command", "tiny_root")

EPOCH = 1_700_000_000
NewContext = Callable[..., Context]


@pytest.fixture
def new_context(tmp_path: Path, tiny_root: Path) -> NewContext:
    """Makes a build directory with a copy of the tiny root, and the context of a hook there."""

    def make(name: str = "build", **variables: str) -> Context:
        build = tmp_path / name
        build.mkdir()
        subprocess.run(["cp", "-a", tiny_root, build / "chroot"], check=True)
        return context.from_environment(
            {"PROJECT": "test", "SOURCE_DATE_EPOCH": str(EPOCH), **variables},
            build,
            tools=Toolbox(mode=Mode.HOST),
            now=EPOCH,
        )

    return make
