"""The base hooks for hypervisors, run as an executor runs them, on a root of a few files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from livecd_rootfs import process
from tests.steps.builds import Build, digest
from tests.steps.conftest import NewBuild
from tests.steps.test_hooks import DISK, SMALL, passed

pytestmark = [pytest.mark.root, pytest.mark.network]


@pytest.mark.tools("qemu-img")
def test_vmdk(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    said = passed(build.hook("vmdk-image", COMPRESSION="fast"))
    assert re.fullmatch(r"livecd\.test\.vmdk: \d+\.\d MiB, compressed with deflate -1\n", said)
    image = build.build / "livecd.test.vmdk"
    process.run(["qemu-img", "compare", image, build.build / DISK])
    manifests = (build.build / f"livecd.test.{name}" for name in ("manifest", "vmdk.manifest"))
    assert len({manifest.read_text() for manifest in manifests}) == 1
    assert build.left() == []


@pytest.mark.tools("qemu-img")
def test_ova(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    for name in ("disk-image", "vmdk-image"):
        passed(build.hook(name))
    assert re.fullmatch(r"livecd\.test\.ova: \d+\.\d MiB\n", passed(build.hook("ova-image")))
    package, unpacked = build.build / "livecd.test.ova", build.overlays
    process.run(["tar", "-xf", package], cwd=unpacked)
    listing = process.run(["tar", "-tf", package]).stdout.split()
    assert listing == ["livecd.test.ovf", "livecd.test.mf", "livecd.test.vmdk"]
    for line in (unpacked / "livecd.test.mf").read_text().splitlines():
        found = re.fullmatch(r"SHA256\((.+)\)= ([0-9a-f]{64})", line)
        assert found
        assert digest(unpacked / found[1]) == found[2]
    described = (unpacked / "livecd.test.ovf").read_text()
    assert f'ovf:capacity="{(build.build / DISK).stat().st_size}"' in described
    assert "Debian GNU/Linux 13 (trixie)" in described


@pytest.mark.tools("qemu-img")
def test_azure(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    said = passed(build.hook("azure-image"))
    assert re.fullmatch(r"livecd\.test\.vhd: \d+\.0 MiB and its footer\n", said)
    image, disk = build.build / "livecd.test.vhd", build.build / DISK
    process.run(["qemu-img", "compare", "-f", "vpc", "-F", "raw", image, disk])
    assert image.stat().st_size == disk.stat().st_size + 512
    assert image.stat().st_blocks <= disk.stat().st_blocks + 64, "holes stay holes"


def test_azure_takes_whole_mebibytes_only(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    passed(build.hook("disk-image"))
    os.truncate(build.build / DISK, (build.build / DISK).stat().st_size + 512)
    ended = build.hook("azure-image")
    assert ended.returncode == 1
    assert "which is no whole number of MiB" in ended.stderr
    assert build.left() == []


@pytest.mark.tools("qemu-img", "ssh-keygen")
def test_vagrant(new_build: NewBuild) -> None:
    build = new_build(**SMALL)
    key = box_key(build)
    for name in ("disk-image", "vmdk-image"):
        passed(build.hook(name))
    said = passed(build.hook("vagrant", VAGRANT_KEY_FILE=str(key)))
    pattern = r"livecd\.test\.vagrant\.box: .*, livecd\.test\.vagrant\.libvirt\.box: .*\n"
    assert re.fullmatch(pattern, said)
    small = ["metadata.json", "Vagrantfile", "vagrant_private_key"]
    boxes = {
        "vagrant.box": [*small, "box.ovf", "box-disk001.vmdk", "box-disk002.vmdk"],
        "vagrant.libvirt.box": [*small, "box.img", "seed.img"],
    }
    for suffix, names in boxes.items():
        box = build.build / f"livecd.test.{suffix}"
        assert process.run(["tar", "-tf", box]).stdout.split() == names
        process.run(["tar", "-xf", box], cwd=build.overlays)
    assert (build.overlays / "vagrant_private_key").read_bytes() == key.read_bytes()
    about = json.loads((build.overlays / "metadata.json").read_text())
    assert (about["provider"], about["architecture"]) == ("libvirt", "amd64")
    for name in ("box.img", "box-disk001.vmdk"):
        process.run(["qemu-img", "compare", build.overlays / name, build.build / DISK])
    process.run(
        ["qemu-img", "compare", build.overlays / "seed.img", build.overlays / "box-disk002.vmdk"]
    )
    assert build.left() == []


def box_key(build: Build) -> Path:
    key = build.folder / "key"
    process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key])
    return key


@pytest.mark.tools("qemu-img", "ssh-keygen")
def test_one_key_gives_the_same_boxes_everywhere(new_build: NewBuild) -> None:
    one, other = new_build("one", **SMALL), new_build("one/elsewhere", **SMALL)
    key = box_key(one)
    for build in (one, other):
        for name in ("disk-image", "vmdk-image", "vagrant"):
            passed(build.hook(name, VAGRANT_KEY_FILE=str(key)))
    assert one.artifacts() == other.artifacts()
    assert "livecd.test.vagrant.libvirt.box" in one.artifacts()
