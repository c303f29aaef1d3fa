"""The commands inspect and diff, as their user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests import checkout
from tests.inspection import images
from tests.ordinary import BECOME_USER, python_for_all

TOOLS = ("blkid", "debugfs", "mcopy", "mke2fs", "mkfs.vfat", "mksquashfs", "mmd", "sfdisk")
NOBODYS = """
mount -t tmpfs -o mode=1777 none /mnt
mkdir /mnt/checkout /mnt/packages
mount --bind "$1" /mnt/checkout
mount --bind "$2" /mnt/packages
cp "$3" /mnt/small.raw
cd /mnt
shift 3
exec """


def called(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "livecd_rootfs", *words),
        env={**os.environ, "PYTHONPATH": str(checkout.ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk, a squashfs of its root, and one of another root."""
    folder = tmp_path_factory.mktemp("inspect")
    root = images.plant(folder / "root")
    images.disk(root, folder / "small.raw")
    images.squashfs(root, folder / "one.squashfs")
    images.tar(root, folder / "one.tar")
    (root / "new").write_text("new\n")
    images.squashfs(root, folder / "other.squashfs")
    return folder


@pytest.mark.tools(*TOOLS)
def test_inspect(folder: Path, tmp_path: Path) -> None:
    ended = called("inspect", folder / "small.raw", "--format", "json", TMPDIR=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    found = json.loads(ended.stdout)
    assert found["formats"] == ["disk"]
    assert found["boot"]["signed"] is True
    assert [package["name"] for package in found["packages"]] == ["dpkg", "bash"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.tools(*TOOLS)
def test_diff_ends_as_diff_does(folder: Path) -> None:
    one, other = folder / "one.squashfs", folder / "other.squashfs"
    same = called("diff", one, folder / "one.tar")
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout == f"{one} and {folder / 'one.tar'} hold the same\n"
    differs = called("diff", one, other, "--format", "json")
    assert (differs.returncode, differs.stderr) == (1, "")
    assert list(json.loads(differs.stdout)["files"]["added"]) == ["/new"]
    trouble = called("diff", one, folder / "none")
    assert (trouble.returncode, trouble.stdout) == (2, "")
    assert trouble.stderr == (
        f"livecd-rootfs: {folder / 'none'} can't be inspected\n"
        "  why:  it can't be read: No such file or directory\n"
        "  help: name a file that is there\n"
    )


def test_inspect_of_what_is_no_artifact_fails(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    ended = called("inspect", tmp_path / "x")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.endswith(
        "/x can't be inspected\n  why:  it is empty\n"
        "  help: copy or download it again, and compare its checksum\n"
    )


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x28\xb5\x2f\xfd")
    ended = called("inspect", tmp_path / "x", "--tools", "host", PATH=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr == (
        "livecd-rootfs: the host lacks a fit 'zstd'\n"
        "  why:  the host has no zstd (package zstd)\n"
        "  help: apt-get install zstd, or choose `--tools auto`\n"
    )


def test_a_scratch_directory_that_is_not_there(folder: Path) -> None:
    ended = called("inspect", folder / "one.tar", TMPDIR="/nonexistent")
    assert ended.returncode == 1
    assert ended.stderr.startswith("livecd-rootfs: the artifact can't be taken apart\n  at:   /non")


@pytest.mark.root
@pytest.mark.tools(*TOOLS, "setpriv", "unshare")
def test_it_needs_no_root(folder: Path) -> None:
    """Nor any right: as a user who has none, with a disk that only others may write."""
    words = (python_for_all(), "-m", "livecd_rootfs", "inspect", "small.raw", "--tools", "host")
    script = f'{NOBODYS}{BECOME_USER} "$@"'
    places = (checkout.ROOT, sysconfig.get_path("purelib"), folder / "small.raw")
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", script, "sh", *places, *words],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "/mnt/checkout:/mnt/packages",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": "/mnt",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "packages  2, 12.7 MiB when installed" in ended.stdout
