"""Extra trees: folders, tar files in every compression, files with a target; and bad ones."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import extra_trees, treesource
from livecd_rootfs.image.treesource import TreeSource
from livecd_rootfs.process import CommandError
from tests.image.conftest import EPOCH, NewContext

pytestmark = pytest.mark.root


def test_parse() -> None:
    assert treesource.parse("/files/0\n\n/files/1:/srv\n") == (
        TreeSource(path=Path("/files/0"), target=""),
        TreeSource(path=Path("/files/1"), target="/srv"),
    )


def test_nothing_to_do(new_context: NewContext) -> None:
    assert extra_trees.run(new_context()) == "extra-trees: nothing to do, there are no trees"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mkosi.extra"
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/motd").write_text("welcome\n")
    os.chown(folder / "etc/motd", 1000, 1000)
    return folder


def archive(path: Path) -> Path:
    """A tar file as a careful user makes one: owners, an extended attribute, old times."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("./bin/tool")
        member.size, member.mode, member.uid, member.gid, member.mtime = 3, 0o4755, 33, 34, 99
        member.pax_headers = {"SCHILY.xattr.user.note": "mine"}
        tar.addfile(member, io.BytesIO(b"abc"))
        link = tarfile.TarInfo("etc/alternatives/tool")
        link.type, link.linkname = tarfile.SYMTYPE, "/bin/tool"
        tar.addfile(link)
    return path


def test_a_folder_over_a_file_with_a_target(new_context: NewContext, folder: Path) -> None:
    context = new_context(EXTRA_TREES=f"{folder}\n{folder / 'etc/motd'}:/usr/share/motd")
    assert extra_trees.run(context) == "extra-trees: 2 trees, 2 files"
    for name in ("etc/motd", "usr/share/motd"):
        found = (context.chroot / name).stat()
        assert (found.st_uid, found.st_gid, found.st_mtime) == (0, 0, EPOCH)


def test_a_folder_with_a_target(new_context: NewContext, folder: Path) -> None:
    context = new_context(EXTRA_TREES=f"{folder}:/opt/app")
    assert extra_trees.run(context) == "extra-trees: 1 tree, 1 file"
    assert (context.chroot / "opt/app/etc/motd").read_text() == "welcome\n"


@pytest.mark.parametrize("packer", [(), ("gzip",), ("xz",), ("bzip2",), ("zstd", "--quiet")])
def test_a_tar_keeps_owners(new_context: NewContext, tmp_path: Path, packer: tuple[str]) -> None:
    path = archive(tmp_path / "tree")
    if packer:
        packed = subprocess.run([*packer, "-c", path], capture_output=True, check=True).stdout
        path.write_bytes(packed)
    context = new_context(EXTRA_TREES=str(path))
    assert extra_trees.run(context) == "extra-trees: 1 tree, 2 files"
    # /bin is a link in the root, and stays one.
    assert (context.chroot / "bin").is_symlink()
    tool = context.chroot / "usr/bin/tool"
    found = tool.stat()
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (0o4755, 33, 34)
    assert (found.st_mtime, os.getxattr(tool, "user.note")) == (99, b"mine")
    assert str((context.chroot / "etc/alternatives/tool").readlink()) == "/bin/tool"


def test_a_tar_with_a_target_is_a_file_like_others(new_context: NewContext, tmp_path: Path) -> None:
    context = new_context(EXTRA_TREES=f"{archive(tmp_path / 'tree')}:/srv/tree.tar")
    extra_trees.run(context)
    assert tarfile.is_tarfile(context.chroot / "srv/tree.tar")


def test_a_tar_can_not_write_outside(new_context: NewContext, tmp_path: Path) -> None:
    """Neither by its own links nor by names with dots."""
    outside = tmp_path / "outside"
    outside.mkdir()
    with tarfile.open(tmp_path / "tree", "w") as tar:
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        tar.addfile(link)
        member = tarfile.TarInfo("way/file")
        member.size = 3
        tar.addfile(member, io.BytesIO(b"abc"))
    with pytest.raises(CommandError, match="tar --extract"):
        extra_trees.run(new_context(EXTRA_TREES=str(tmp_path / "tree")))
    assert list(outside.iterdir()) == []


def test_nothing_is_left_of_the_unpacking(new_context: NewContext, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tree = archive(tmp_path / "tree")
    extra_trees.run(new_context(EXTRA_TREES=str(tree), LIVECD_SCRATCH=str(scratch)))
    assert list(scratch.iterdir()) == []


def test_what_is_not_there_is_told(new_context: NewContext, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such tree") as caught:
        extra_trees.run(new_context(EXTRA_TREES=str(tmp_path / "none")))
    assert caught.value.place == str(tmp_path / "none")


@pytest.mark.parametrize(
    "content", [b"", b"no tar", b"\x28\xb5\x2f\xfdno zstd", b"\x1f\x8bno gzip", b"BZh no bzip2"]
)
def test_a_file_that_is_no_tar_is_told(
    new_context: NewContext, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "tree").write_bytes(content)
    with pytest.raises(LivecdError, match=r"must be a tar file|zstd|can't be decompressed"):
        extra_trees.run(new_context(EXTRA_TREES=str(tmp_path / "tree")))
