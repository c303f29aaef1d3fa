"""ext4: the command line, what the file system itself takes, and one that other tools read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from livecd_rootfs import process
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import content, ext4, layout
from livecd_rootfs.steps.content import BLOCK, Content
from livecd_rootfs.steps.ext4 import FileSystem, access_times
from livecd_rootfs.steps.imagesize import GIB, MIB
from livecd_rootfs.steps.layout import Partition, Type
from tests import needs
from tests.steps.builds import EPOCH, made_context

E2FSPROGS = pytest.mark.tools("mke2fs", "debugfs", "e2fsck")
OFFSET = MIB


def file_system(folder: Path, size: int) -> FileSystem:
    context = made_context(folder)
    partition = Partition(
        number=1,
        type=Type.LINUX,
        guid=context.id("partition 1"),
        start=OFFSET // layout.SECTOR,
        sectors=size // layout.SECTOR,
    )
    return ext4.named(context, partition, label="cloudimg-rootfs", size_from="IMAGE_SIZE")


def made(folder: Path, size: int, *, unread: tuple[str, ...] = ()) -> Path:
    """A disk with the content of ``folder/tree``."""
    disk, tree = folder / "disk", folder / "tree"
    tree.mkdir(exist_ok=True)
    disk.touch()
    os.truncate(disk, OFFSET + size)
    measured = content.measure(tree, EPOCH)
    counted = Content(blocks=measured.blocks, inodes=measured.inodes, unread=unread)
    files = file_system(folder, size)
    ext4.make(made_context(folder), files, disk=disk, tree=tree, content=counted)
    return disk


def ask(*argv: str, disk: Path) -> str:
    """What a tool of e2fsprogs says of the file system in a disk."""
    program, *arguments = argv
    image = f"{disk.name}?offset={OFFSET}"
    return process.run(
        [needs.program(program) or program, *arguments, image], cwd=disk.parent
    ).stdout


def test_argv(tmp_path: Path) -> None:
    files = file_system(tmp_path, 2 * GIB)
    tree = Path("/merged")
    argv = ext4.argv(files, disk=Path("binary/disk"), tree=tree, own_features=True)
    assert " ".join(argv) == (
        "mke2fs -q -F -t ext4 -b 4096 -I 256 -i 16384 -J size=64 -L cloudimg-rootfs "
        f"-U {files.uuid} "
        f"-E offset=1048576,hash_seed={files.hash_seed},assume_storage_prezeroed=1 "
        "-d /merged binary/disk 524288"
    )


def test_a_root_that_names_no_features_gets_plain_ones(tmp_path: Path) -> None:
    files = file_system(tmp_path, GIB)
    argv = ext4.argv(files, disk=Path("disk"), tree=Path("tree"), own_features=False)
    features = argv[argv.index("-O") + 1]
    assert features.startswith("none,has_journal,")
    assert "metadata_csum_seed" not in features
    assert "orphan_file" not in features


@E2FSPROGS
@pytest.mark.parametrize("size", [24 * MIB, 100 * MIB, 200 * MIB, GIB, 1700 * MIB, 9 * GIB])
def test_overhead_is_never_too_small_and_seldom_much_too_large(tmp_path: Path, size: int) -> None:
    disk = made(tmp_path, size)
    shown = ask("debugfs", "-R", "show_super_stats -h", disk=disk)
    blocks, free = (
        int(number) for number in re.findall(r"(?:Block count|Free blocks): +(\d+)", shown)
    )
    taken = (blocks - free) * BLOCK
    assert taken <= ext4.overhead(size) <= taken + taken // 4 + 4 * MIB


@E2FSPROGS
def test_what_was_planned_fits_and_leaves_the_head_room(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(500):
        (tree / f"{number}").write_bytes(os.urandom(number * 100))
    head_room = 20 * MIB
    size = ext4.size_for(content.measure(tree, EPOCH), head_room) // MIB * MIB + MIB
    shown = ask("debugfs", "-R", "show_super_stats -h", disk=made(tmp_path, size))
    free = int(re.findall(r"Free blocks: +(\d+)", shown)[0]) * BLOCK
    assert head_room <= free <= head_room + 6 * MIB


@E2FSPROGS
@pytest.mark.root
def test_owners_modes_links_and_attributes_are_kept(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "file").write_text("text\n")
    os.chown(tree / "file", 12, 34)
    (tree / "file").chmod(0o4751)
    (tree / "again").hardlink_to(tree / "file")
    (tree / "link").symlink_to("folder/x y")
    os.setxattr(
        tree / "folder", "security.capability", bytes.fromhex("0100000200000100" + "0" * 24)
    )
    disk = made(tmp_path, 24 * MIB)
    found = ask("debugfs", "-R", "stat /again", disk=disk)
    assert re.search(r"Mode: +04751", found)
    assert re.search(r"User: +12 +Group: +34", found)
    assert "Links: 2" in found
    assert ask("debugfs", "-R", "cat /file", disk=disk) == "text\n"
    assert 'Fast link dest: "folder/x y"' in ask("debugfs", "-R", "stat /link", disk=disk)
    assert "security.capability" in ask("debugfs", "-R", "ea_list /folder", disk=disk)
    ask("e2fsck", "-fn", disk=disk)


@E2FSPROGS
def test_access_times_before_the_build_become_its_time(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    names = ("plain", "with space", 'with "quotes"')
    for name in names:
        (tree / name).touch()
        os.utime(tree / name, (EPOCH - 99, EPOCH - 99))
    disk = made(tmp_path, 24 * MIB, unread=(*names, "."))
    for name in (*names, "."):
        quoted = name.replace('"', '""')
        found = ask("debugfs", "-R", f'stat "/{quoted}"', disk=disk)
        assert f"atime: {EPOCH:#x}:00000000" in found
    assert f"mtime: {EPOCH - 99:#x}" in ask("debugfs", "-R", "stat /plain", disk=disk)
    ask("e2fsck", "-fn", disk=disk)


@E2FSPROGS
def test_debugfs_that_fails_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="debugfs could not finish") as caught:
        made(tmp_path, 24 * MIB, unread=("none",))
    assert any("none" in note for note in caught.value.notes)


def test_names_that_debugfs_can_not_read_are_left_out() -> None:
    assert access_times(["line\nbreak", "\udcff", "plain"], 5) == (
        'set_inode_field "/plain" atime @5\nset_inode_field "/plain" atime_extra 0\n'
    )


def test_what_does_not_fit_is_refused_before_the_work(tmp_path: Path) -> None:
    large = Content(blocks=100 * MIB // BLOCK, inodes=10, unread=())
    ext4.check_fit(file_system(tmp_path, 200 * MIB), large)
    with pytest.raises(LivecdError, match="cloudimg-rootfs does not fit on the disk") as caught:
        ext4.check_fit(file_system(tmp_path, 100 * MIB), large)
    assert re.fullmatch(r"\d+\.\d MiB more are needed", str(caught.value.why))
    assert caught.value.remedy == "a larger IMAGE_SIZE, or none at all"


def test_many_small_files_need_inodes() -> None:
    """A thousand files of a byte need 4 MiB of blocks, and 16 KiB each for their inodes."""
    small = Content(blocks=1000, inodes=10000, unread=())
    assert ext4.size_for(small, 0) >= 10000 * ext4.INODE_RATIO
