"""The hooks of examples/, written as for the old tool, in a real build."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.images.conftest import CHECKOUT, PREFIX, Built

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]
TARGETS = "review,appliance,branded"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our hooks.d with the examples as its extra."""
    folder = tmp_path_factory.mktemp("old") / "hooks.d"
    shutil.copytree(CHECKOUT / "hooks.d", folder, symlinks=True)
    shutil.copytree(CHECKOUT / "examples/hooks.d/extra", folder / "extra")
    return folder


@pytest.fixture(scope="module")
def output(built: Built, tree: Path) -> Path:
    place = tree.parent / "out"
    ended = built.livecd_rootfs("build", TARGETS, "--tree", str(tree), "--output", str(place))
    assert ended.returncode == 0, ended.stderr
    return place


def test_what_is_kept(output: Path) -> None:
    assert sorted(path.name for path in output.iterdir()) == [
        "SHA256SUMS",
        f"{PREFIX}.appliance.manifest",
        f"{PREFIX}.appliance.vmdk",
        f"{PREFIX}.branded.squashfs",
        f"{PREFIX}.largest.json",
        f"{PREFIX}.review+appliance+branded.provenance.json",
        f"{PREFIX}.targets",
    ]


def test_the_disk_was_changed_as_a_running_system_would(output: Path, tmp_path: Path) -> None:
    vmdk, disk = output / f"{PREFIX}.appliance.vmdk", tmp_path / "disk"
    subprocess.run(["qemu-img", "convert", "-O", "raw", vmdk, disk], check=True)
    table = json.loads(said("sfdisk", "--json", str(disk)))["partitiontable"]["partitions"]
    start = {row["node"].removeprefix(str(disk)): row["start"] * 512 for row in table}
    root = f"{disk}?offset={start['1']}"
    assert said("debugfs", "-R", "cat /etc/motd", root).startswith("An example of an image.")
    assert "Type: regular" in said("debugfs", "-R", "stat /usr/bin/jq", root)
    assert subprocess.run(["e2fsck", "-fn", root], capture_output=True, check=False).returncode == 0
    serial = said("debugfs", "-R", "cat /etc/appliance-serial", root)
    assert said("mtype", "-i", f"{disk}@@{start['15']}", "::/EFI/serial.txt") == serial
    assert "jq\t" in (output / f"{PREFIX}.appliance.manifest").read_text()


def said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_the_other_artifacts(output: Path) -> None:
    squashfs = str(output / f"{PREFIX}.branded.squashfs")
    assert said("unsquashfs", "-cat", squashfs, "etc/motd").splitlines()[-1] == "built for 13"
    assert len(json.loads((output / f"{PREFIX}.largest.json").read_text())) == 10
    assert (output / f"{PREFIX}.targets").read_text().splitlines() == [
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
