"""A root that could boot, made of a shell and of files with a line of text."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from livecd_rootfs import toolsroot
from livecd_rootfs.settings import cache_directory, host_architecture, proxies
from livecd_rootfs.tools import Toolbox
from tests.build.conftest import tiny_root
from tests.steps import builds
from tests.steps.builds import Build

__all__ = ("tiny_root",)

NewBuild = Callable[..., Build]


@pytest.fixture(scope="session")
def bootable_root(tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny root with a kernel and boot loaders, all of them of text."""
    root = tmp_path_factory.mktemp("bootable") / "root"
    subprocess.run(["cp", "-a", tiny_root, root], check=True)
    return builds.plant(root, builds.BOOTABLE)


NEEDED = (
    *("mke2fs", "debugfs", "mkfs.vfat", "mmd", "mcopy", "sfdisk", "qemu-img", "mksquashfs"),
    *("tar", "xz", "zstd", "pigz"),
)


@pytest.fixture(scope="session")
def tools_root() -> Path:
    """A tools root."""
    request = toolsroot.Request(
        cache=cache_directory(None, os.environ),
        architecture=host_architecture(),
        machines=(host_architecture(),),
    )
    return toolsroot.ensure(request, environ=proxies(os.environ), progress=print)


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The environment that gives steps tools that are new enough, the host's or a tools root's."""
    if not Toolbox().needs_root(NEEDED):
        return Toolbox().environment()
    return Toolbox(root=request.getfixturevalue("tools_root")).environment()


@pytest.fixture
def new_build(tmp_path: Path, bootable_root: Path, tools: Mapping[str, str]) -> NewBuild:
    """Makes build directories, each with a copy of the bootable root."""

    def make(name: str = "one", **variables: str) -> Build:
        return builds.new_build(tmp_path / name, bootable_root, tools, **variables)

    return make
