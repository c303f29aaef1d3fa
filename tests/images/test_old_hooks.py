"""The hooks of examples/, written as for the old tool, in a real build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.images import examples
from tests.images.conftest import PREFIX, Built

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]
TARGETS = "review,appliance,branded"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return examples.plant(tmp_path_factory.mktemp("old") / "hooks.d")


@pytest.fixture(scope="module")
def output(built: Built, tree: Path) -> Path:
    place = tree.parent / "out"
    ended = built.livecd_rootfs("build", TARGETS, "--tree", str(tree), "--output", str(place))
    assert ended.returncode == 0, ended.stderr
    return place


def test_what_is_kept(output: Path) -> None:
    assert sorted(path.name for path in output.iterdir()) == [
        "SHA256SUMS",
        f"{PREFIX}.appliance.filelist",
        f"{PREFIX}.appliance.manifest",
        f"{PREFIX}.appliance.vmdk",
        f"{PREFIX}.branded.squashfs",
        f"{PREFIX}.largest.json",
        f"{PREFIX}.review+appliance+branded.provenance.json",
        f"{PREFIX}.targets",
    ]


def test_the_disk_was_changed_as_a_running_system_would(output: Path, tmp_path: Path) -> None:
    assert examples.check_appliance(output, tmp_path)


def test_the_other_artifacts(output: Path) -> None:
    squashfs = str(output / f"{PREFIX}.branded.squashfs")
    motd = examples.said("unsquashfs", "-cat", squashfs, "etc/motd")
    assert motd.splitlines()[-1] == "built for 13"
    examples.check_largest(output)
    assert examples.targets(output) == [
        "review: for everybody",
        "appliance: for everybody",
        "branded",
    ]


def test_a_hook_that_refuses(built: Built, tree: Path) -> None:
    """It says `exit 99999`, of which 8 bits are left."""
    key = tree / "extra/001-key.chroot"
    key.write_text("#!/bin/sh\ntouch /etc/ssh/ssh_host_example_key\n")
    key.chmod(0o755)
    series = tree / "extra/series/refused"
    series.write_text("extra/001-key.chroot\nextra/guard.binary\nprovides ${PREFIX}.x\n")
    ended = built.livecd_rootfs(
        "build", "refused", "--tree", str(tree), "--output", str(tree.parent / "none")
    )
    assert ended.returncode == 1
    assert f"extra/guard.binary failed with status {99999 % 256}" in ended.stderr
    assert "would be the same in every machine" in ended.stderr
