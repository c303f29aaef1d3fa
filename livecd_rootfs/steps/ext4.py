"""An ext4 file system, made with its content straight into a disk at an offset."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from livecd_rootfs import process, units
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import rooted
from livecd_rootfs.steps.content import BLOCK, Content
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.imagesize import GIB, MIB
from livecd_rootfs.steps.layout import Partition
from livecd_rootfs.values import Value

INODE_SIZE = 256
# Bytes of the file system for each inode. mke2fs would choose more inodes, and
# blocks of 1 KiB, for a small one; but an image grows on its first boot.
INODE_RATIO = 16384
_GROUP_BLOCKS = 8 * BLOCK
_DESCRIPTOR = 64
# mke2fs reserves descriptors for growing 1024-fold, at most this many blocks.
_RESERVED_DESCRIPTORS = 1024
_LOST_AND_FOUND = 4
_ORPHAN_FILE = 512
# What Linux 4.19 and GRUB 2.06 can read, for a root that says nothing of its own.
_PLAIN_FEATURES = (
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,"
    "sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum"
)
_CONFIGURATION = "etc/mke2fs.conf"


class FileSystem(Value):
    """One file system.

    Attributes:
        label: its label.
        uuid: its id.
        hash_seed: what the order of its directories follows from.
        partition: where on the disk it lies.
        size_from: the setting that decided its size.
    """

    label: str
    uuid: UUID
    hash_seed: UUID
    partition: Partition
    size_from: str


def named(context: Context, partition: Partition, *, label: str, size_from: str) -> FileSystem:
    """The file system of a partition, with the ids of this build.

    Args:
        context: gives the ids.
        partition: where it lies.
        label: its label.
        size_from: the setting that decided its size.
    """
    name = f"file system {partition.number}"
    return FileSystem(
        label=label,
        uuid=context.id(name),
        hash_seed=context.id(f"{name}, directory hash"),
        partition=partition,
        size_from=size_from,
    )


def make(context: Context, files: FileSystem, *, disk: Path, tree: Path, content: Content) -> None:
    """Make the file system with everything that is in a tree.

    The features are those that the target's own mke2fs.conf has, so that its
    e2fsck and its GRUB know them all.

    Args:
        context: the build.
        files: what to make.
        disk: the disk, which exists and is empty there.
        tree: the content; owners, modes and extended attributes are kept.
        content: the tree's measure.

    Raises:
        LivecdError: the content does not fit; says by how much.
    """
    check_fit(files, content)
    configuration = rooted.resolve(tree, _CONFIGURATION)
    own = configuration.is_file()
    try:
        context.tools.run(
            argv(files, disk=disk.relative_to(context.build), tree=tree, own_features=own),
            env=context.environment(MKE2FS_CONFIG=str(configuration) if own else "/dev/null"),
            cwd=context.build,
            bind=(tree,),
        )
    except process.CommandError as error:
        raise _explain(error, files) from error
    _settle(context, files, disk, content)


def argv(files: FileSystem, *, disk: Path, tree: Path, own_features: bool) -> list[str]:
    """The command line of mke2fs.

    Args:
        files: what to make.
        disk: the disk, relative to where mke2fs runs.
        tree: the content.
        own_features: MKE2FS_CONFIG names the target's own configuration.
    """
    extended = (
        f"offset={files.partition.offset}",
        f"hash_seed={files.hash_seed}",
        "assume_storage_prezeroed=1",
    )
    return [
        "mke2fs",
        *("-q", "-F", "-t", "ext4"),
        *(() if own_features else ("-O", _PLAIN_FEATURES)),
        *("-b", str(BLOCK), "-I", str(INODE_SIZE), "-i", str(INODE_RATIO)),
        *("-J", f"size={journal_size(files.partition.size) // MIB}"),
        *("-L", files.label, "-U", str(files.uuid)),
        *("-E", ",".join(extended)),
        *("-d", str(tree)),
        str(disk),
        str(files.partition.size // BLOCK),
    ]


def journal_size(size: int) -> int:
    """Bytes of the journal for a file system of ``size`` bytes.

    From 1 GiB on it is what mke2fs gives one of 16 GiB: the journal does not
    grow with the file system, and one of zeros takes no room in an artifact.
    """
    if size >= GIB:
        return 64 * MIB
    return 16 * MIB if size >= 128 * MIB else 4 * MIB


def size_for(content: Content, head_room: int) -> int:
    """Bytes of a file system that holds a tree and then has ``head_room`` bytes free."""
    size = content.blocks * BLOCK + head_room
    while size - overhead(size) < content.blocks * BLOCK + head_room:
        size = content.blocks * BLOCK + head_room + overhead(size)
    return _with_inodes(size, content)


def _with_inodes(size: int, content: Content) -> int:
    """At least one inode for each file, and some for the guest's own."""
    return max(size, (content.inodes + content.inodes // 4 + 16) * INODE_RATIO)


def overhead(size: int) -> int:
    """Bytes that ext4 itself takes in a file system of ``size`` bytes, never too few.

    Each group of 32768 blocks has two bitmaps and its inodes; the first one and
    its few backups have the descriptors; then there is the journal.
    """
    blocks = -(-size // BLOCK)
    groups = -(-blocks // _GROUP_BLOCKS)
    inode_blocks = -(-blocks * BLOCK // INODE_RATIO) * INODE_SIZE // BLOCK + groups
    descriptors = 1 + -(-groups * _DESCRIPTOR // BLOCK)
    reserved = min(_RESERVED_DESCRIPTORS, descriptors * 1024, blocks // 512 + 16)
    backups = 1 + min(groups, 2 + groups.bit_length())
    fixed = _LOST_AND_FOUND + _ORPHAN_FILE + journal_size(size) // BLOCK
    return (groups * 2 + inode_blocks + backups * (descriptors + reserved) + fixed) * BLOCK


def check_fit(files: FileSystem, content: Content) -> None:
    """See before mke2fs runs that the content fits.

    Raises:
        LivecdError: it does not; says by how much.
    """
    missing = size_for(content, 0) - files.partition.size
    if missing > 0:
        raise _too_small(files, f"{units.size(missing)} more are needed")


def _explain(error: process.CommandError, files: FileSystem) -> LivecdError:
    if "Could not allocate" in error.completed.stderr:
        return _too_small(files, f"mke2fs filled all of {units.size(files.partition.size)}")
    return error


def _too_small(files: FileSystem, why: str) -> LivecdError:
    return LivecdError(
        f"the content of {files.label} does not fit on the disk",
        why=why,
        remedy=f"a larger {files.size_from}, or none at all",
    )


def _settle(context: Context, files: FileSystem, disk: Path, content: Content) -> None:
    """Take away what is of this run.

    mke2fs gives files the access time SOURCE_DATE_EPOCH at the latest, and so
    leaves earlier ones, which are later ones as soon as somebody reads the
    file. And the superblock counts the kilobytes written to it ever, from 1 on;
    from 0 on it does not.
    """
    name = f"{disk.relative_to(context.build)}?offset={files.partition.offset}"
    ended = context.tools.run(
        ["debugfs", "-w", "-f", "-", name],
        env=context.environment(),
        cwd=context.build,
        stdin="set_super_value kbytes_written 0\n" + access_times(content.unread, context.epoch),
    )
    # It ends with status 0 whatever happens; its first line names its version.
    if complaints := tuple(ended.stderr.splitlines()[1:]):
        raise LivecdError("debugfs could not finish the file system", notes=complaints)


def access_times(paths: Iterable[str], epoch: int) -> str:
    """The debugfs commands that set access times.

    debugfs reads a command a line, so a name with a line break in it can't be given.
    """
    return "".join(
        f"set_inode_field {_quoted(path)} atime @{epoch}\n"
        f"set_inode_field {_quoted(path)} atime_extra 0\n"
        for path in paths
        if path.isprintable()
    )


def _quoted(path: str) -> str:
    """A path as debugfs reads it, with its own quotes doubled."""
    doubled = path.replace('"', '""')
    return f'"/{"" if doubled == "." else doubled}"'
