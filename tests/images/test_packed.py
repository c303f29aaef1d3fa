"""A real root and disk, packed: each artifact read by a second reader and compared with what it is of."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.images.conftest import Built

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

TARGETS = "tarball-zst,wsl,oci,gce"
SECTOR = 512


def said(*argv: str | Path, cwd: Path | None = None) -> str:
    ended = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, ""), argv
    return ended.stdout


@pytest.fixture(scope="module")
def packed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The same root and disk, packed; only the hooks that pack have to run."""
    output = tmp_path_factory.mktemp("packed")
    ended = built.livecd_rootfs("build", TARGETS, "--compression", "fast", "--output", str(output))
    assert ended.returncode == 0, ended.stderr
    return replace(built, output=output)


@pytest.fixture(scope="module")
def root(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root, as the squashfs has it."""
    root = tmp_path_factory.mktemp("unsquashed") / "root"
    said("unsquashfs", "-quiet", "-no-progress", "-dest", root, built.artifact(".squashfs"))
    return root


@pytest.mark.tools("unsquashfs", "tar", "zstd")
def test_the_tarball_is_the_root_of_the_squashfs(packed: Built, built: Built, root: Path) -> None:
    """GNU tar compares content, owners, modes, times, links and attributes."""
    tarball = packed.artifact(".rootfs.tar.zst")
    assert (
        said("tar", "--compare", "--xattrs", "--xattrs-include=*", "-f", tarball, "-C", root) == ""
    )
    files = packed.artifact(".rootfs.tar.zst.filelist").read_text()
    assert files == built.artifact(".squashfs.filelist").read_text()
    manifest = packed.artifact(".rootfs.tar.zst.manifest").read_text()
    assert manifest == built.artifact(".squashfs.manifest").read_text()


@pytest.mark.tools("bsdtar")
def test_the_root_for_wsl(packed: Built) -> None:
    listed = said("bsdtar", "-tf", packed.artifact(".wsl")).splitlines()
    names = {name.rstrip("/") for name in listed}
    assert names == set(packed.artifact(".wsl.rootfs.filelist").read_text().splitlines())
    assert len(names) == len(listed)
    assert {"./etc/wsl.conf", "./etc/systemd/system/systemd-resolved.service"} <= names
    assert "./etc/resolv.conf" not in names
    conf = said(
        "tar", "-xOzf", packed.artifact(".wsl.rootfs.tar.gz"), "./etc/wsl-distribution.conf"
    )
    assert conf.startswith("[oobe]\ndefaultName = Debian-")


@pytest.mark.tools("skopeo", "unsquashfs")
def test_the_layer_of_the_container_image_is_the_root(
    packed: Built, root: Path, tmp_path: Path
) -> None:
    """skopeo checks every digest as it copies."""
    image = f"oci-archive:{packed.artifact('.oci.tar')}"
    subprocess.run(
        ["skopeo", "--insecure-policy", "copy", "--quiet", image, f"dir:{tmp_path}"], check=True
    )
    (layer,) = (path for path in tmp_path.iterdir() if path.stat().st_size > 1 << 20)
    assert (
        said("tar", "--compare", "--xattrs", "--xattrs-include=*", "-zf", layer, "-C", root) == ""
    )


@pytest.mark.tools("sgdisk")
def test_the_disk_for_gce_is_that_of_the_qcow2(packed: Built, disk: Path, tmp_path: Path) -> None:
    said("tar", "-xzf", packed.artifact(".gce.tar.gz"), "-C", tmp_path)
    raw = tmp_path / "disk.raw"
    assert raw.stat().st_size % (1 << 30) == 0
    assert "No problems found" in said("sgdisk", "--verify", raw)
    start = str(34 * SECTOR)
    size = str(disk.stat().st_size - (34 + 33) * SECTOR)
    said("cmp", "--ignore-initial", start, "--bytes", size, raw, disk)
