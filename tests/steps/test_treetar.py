"""A tree as a tar: everything of it comes through, nothing of the host does, and never other bytes."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from livecd_rootfs.steps import treetar
from livecd_rootfs.steps.compression import Method
from livecd_rootfs.steps.oci import Sum
from livecd_rootfs.steps.treetar import Changes
from tests.steps.builds import EPOCH, made_context, plant, tree

pytestmark = pytest.mark.root

MIB = 1 << 20
HEAD = b"something else"
# cap_net_raw+ep, as in capabilities(7) and linux/capability.h: revision 2, effective.
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
LONG = "/".join(["a-directory-with-a-name-of-some-length"] * 8)
FILES = {
    "a/b": "under a directory\n",
    "a-c": "between it and its content, by bytes\n",
    "usr/bin/ping": "#!/bin/sh\n",
    "etc/motd": "hello\n",
    "etc/resolv.conf": "nameserver 192.0.2.1\n",
    "opt/etc/resolv.conf": "another's\n",
    f"{LONG}/file": "deep\n",
    "é": "not of ASCII\n",
    "-n": "looks like an option\n",
    "new\nline": "looks like two\n",
    "star*": "looks like a pattern\n",
}
READERS: Mapping[str, tuple[str, ...]] = {
    "GNU tar": ("tar", "-xp", "--acls", "--xattrs", "--xattrs-include=*", "--numeric-owner"),
    "libarchive": ("bsdtar", "-xpf", "-", "--acls", "--xattrs", "--numeric-owner"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of all that a root file system can have."""
    root = plant(tmp_path / "build/root", FILES)
    os.setxattr(root / "usr/bin/ping", "security.capability", CAPABILITY)
    os.setxattr(root / "etc/motd", "user.origin", b"here")
    os.chown(root / "etc/motd", 4711, 70000)
    (root / "usr/bin/ping").chmod(0o4755)
    os.link(root / "a/b", root / "z-hard-link")
    (root / "absolute").symlink_to("/etc/motd")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "fifo")
    os.mknod(root / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    with (root / "sparse").open("wb") as stream:
        stream.seek(64 * MIB)
        stream.write(b"end")
    for path in (root, *root.rglob("*")):
        os.utime(path, (EPOCH - 7, EPOCH - 7), follow_symlinks=False)
    os.utime(root / "etc/motd", (EPOCH + 99, EPOCH + 99.5))
    return root


def packed(root: Path, changes: Changes = treetar.NO_CHANGES) -> bytes:
    context = made_context(root.parent, None, SOURCE_DATE_EPOCH=str(EPOCH))
    return b"".join(treetar.stream(context, root.name, changes))


def compressed(root: Path, target: Path, changes: Changes = treetar.NO_CHANGES) -> str:
    """Compress it behind something else in a file; the SHA-256 of what passed by."""
    context = made_context(root.parent, None, SOURCE_DATE_EPOCH=str(EPOCH))
    total = Sum()
    with target.open("wb", buffering=0) as output:
        output.write(HEAD)
        method = Method(algorithm="zstd", level=1)
        with treetar.compressing(context, root.name, method, output, changes, look=total.begin):
            pass
    return total.hexdigest


def unpacked(folder: Path, content: bytes, argv: tuple[str, ...]) -> Path:
    folder.mkdir()
    # libarchive takes names for text in the locale's encoding.
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    ended = subprocess.run(
        argv, cwd=folder, input=content, env=env, capture_output=True, check=False
    )
    assert (ended.stderr, ended.returncode) == (b"", 0)
    return folder


def listed(content: bytes) -> list[str]:
    argv = ["tar", "-t", "--quoting-style=literal", "--null"]
    out = subprocess.run(argv, input=content, capture_output=True, check=True).stdout
    return os.fsdecode(out).split("\n")[:-1]


@pytest.mark.tools("bsdtar")
@pytest.mark.parametrize("reader", READERS)
def test_everything_comes_through(root: Path, tmp_path: Path, reader: str) -> None:
    seen = unpacked(tmp_path / "seen", packed(root), READERS[reader])
    # What is newer than the build gets the build's time.
    os.utime(root / "etc/motd", (EPOCH, EPOCH))
    # libarchive leaves the time of the directory in which it unpacks.
    os.utime(seen, (EPOCH - 7, EPOCH - 7))
    assert tree(seen) == tree(root)
    assert os.getxattr(seen / "usr/bin/ping", "security.capability") == CAPABILITY
    assert os.getxattr(seen / "etc/motd", "user.origin") == b"here"
    assert (seen / "a/b").stat().st_ino == (seen / "z-hard-link").stat().st_ino
    assert (seen / "null").stat().st_rdev == os.makedev(1, 3)
    assert (seen / "sparse").stat().st_blocks * 512 < MIB


def test_a_name_that_is_no_text(root: Path, tmp_path: Path) -> None:
    """libarchive, for which names are text, would refuse it; a root may have it all the same."""
    name = os.fsdecode(b"not-\xff-utf8")
    (root / name).touch()
    assert (unpacked(tmp_path / "seen", packed(root), READERS["GNU tar"]) / name).exists()


def test_a_directory_stands_before_its_content_and_that_before_all_else(root: Path) -> None:
    names = listed(packed(root))
    assert names[0] == "./"
    assert names.index("./a/") + 1 == names.index("./a/b")
    assert names.index("./a/b") < names.index("./a-c")


def test_holes_take_no_room_and_other_trees_are_not_marked(root: Path) -> None:
    content = packed(root)
    assert len(content) < MIB
    assert b"GNU.sparse" in content
    (root / "sparse").unlink()
    assert b"GNU.sparse" not in packed(root)


@pytest.mark.tools("zstd")
@pytest.mark.parametrize("name", ["sparse", "usr/another", "0-first"])
def test_a_hole_that_is_found_late_is_none_the_worse_for_it(
    root: Path, tmp_path: Path, name: str
) -> None:
    """tar has begun by then, and so has all that reads from it."""
    (root / "sparse").rename(root / name)
    more = plant(tmp_path / "more", {"etc/motd": "another\n"})
    changes = Changes(without=("./a",), more=more)
    target = tmp_path / "target"
    digest = compressed(root, target, changes)
    expected = packed(root, changes)
    assert b"GNU.sparse" in expected
    assert digest == sha256(expected).hexdigest()
    assert target.read_bytes().startswith(HEAD)
    rest = target.read_bytes().removeprefix(HEAD)
    assert subprocess.run(["zstd", "-dc"], input=rest, capture_output=True, check=True).stdout == (
        expected
    )


@pytest.mark.tools("zstd")
def test_more_names_than_a_pipe_holds(root: Path, tmp_path: Path) -> None:
    (root / "sparse").unlink()
    many = root / "-".join(["a-long-name"] * 15)
    many.mkdir()
    for number in range(9000):
        os.link(root / "etc/motd", many / str(number))
    assert compressed(root, tmp_path / "target") == sha256(packed(root)).hexdigest()


def test_the_same_tree_elsewhere_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    """Another place, other inodes, another order, other access and change times, other room."""
    copy = tmp_path / "much/deeper/build/root"
    copy.mkdir(parents=True)
    names = sorted((path.name for path in root.iterdir()), reverse=True)
    subprocess.run(["cp", "-a", "--sparse=always", "--", *names, copy], cwd=root, check=True)
    for path in (copy, *copy.rglob("*")):
        os.utime(path, (1, EPOCH - 7), follow_symlinks=False)
    os.utime(copy / "etc/motd", (1, EPOCH + 5))
    assert packed(copy) == packed(root)


def test_labels_of_the_host_stay_outside(root: Path) -> None:
    before = packed(root)
    os.setxattr(root / "etc/motd", "trusted.of.the.host", b"x")
    assert packed(root) == before


def test_changes(root: Path, tmp_path: Path) -> None:
    more = plant(tmp_path / "more", {"etc/motd": "another\n", "etc/wsl.conf": "new\n"})
    (more / "etc/null").symlink_to("/dev/null")
    changes = Changes(without=("./etc/resolv.conf", "./a"), more=more)
    content = packed(root, changes)
    names = listed(content)
    assert len(names) == len(set(names))
    assert not {"./etc/resolv.conf", "./a/", "./a/b"} & set(names)
    assert {"./opt/etc/resolv.conf", "./a-c", "./z-hard-link"} <= set(names)
    assert names[-3:] == ["./etc/motd", "./etc/null", "./etc/wsl.conf"]
    seen = unpacked(tmp_path / "seen", content, READERS["GNU tar"])
    assert (seen / "etc/motd").read_text() == "another\n"
    assert (seen / "etc/null").readlink() == Path("/dev/null")
