"""Extended attributes: read of each format that has them, shown, and compared."""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs.inspection import artifact, attributes, comparison, squashtree
from livecd_rootfs.inspection.bench import Bench
from tests.inspection import images

RAW = 1 << 13
PING = struct.pack("<5I", 0x02000001, RAW, 0, 0, 0)
CHECKPOINT = "cap_chown,cap_net_raw,cap_checkpoint_restore=p"
NOTE = b'a "q\\uote"\n\xff'
LONG = b"long " * 60


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PING, "cap_net_raw=ep"),
        (struct.pack("<5I", 0x02000000, RAW | 1, 0, 1 << 8, 0), CHECKPOINT),
        (struct.pack("<5I", 0x02000001, 1 << 21, 1 << 5, 0, 0), "cap_kill=ei cap_sys_admin=ep"),
        (struct.pack("<6I", 0x03000001, 0, 0, 1 << 7, 0, 4711), "cap_bpf=ep [rootid=4711]"),
        (struct.pack("<3I", 0x01000001, RAW, RAW), "cap_net_raw=eip"),
        (struct.pack("<5I", 0x02000000, 0, 0, 1 << 20, 0), "52=p"),
        (struct.pack("<5I", 0x02000001, 0, 0, 0, 0), "="),
        (PING[:-1], f"0x{PING[:-1].hex()}"),
        (b"\x01\0\0\x09", "0x01000009"),
        (b"", ""),
    ],
)
def test_capabilities_are_told_by_name(value: bytes, expected: str) -> None:
    assert attributes.shown({"security.capability": value}) == f"security.capability={expected}"


def test_other_attributes_are_told_as_text_where_they_are_that() -> None:
    assert attributes.shown({"user.b": NOTE, "user.a": b"mine"}) == (
        f"user.a=mine user.b=0x{NOTE.hex()}"
    )


def tar(target: Path, members: Mapping[str, dict[str, str]], hard: str = "") -> Path:
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, headers in members.items():
            info = tarfile.TarInfo(name)
            info.pax_headers = headers
            archive.addfile(info)
        if hard:
            link = tarfile.TarInfo("hard")
            link.type, link.linkname = tarfile.LNKTYPE, hard
            archive.addfile(link)
    return target


def ping_tar(target: Path) -> Path:
    headers = {
        "SCHILY.xattr.security.capability": PING.decode(),
        "SCHILY.xattr.user.note": NOTE.decode(errors="surrogateescape"),
        "SCHILY.acl.access": "user::rw-",
        "SCHILY.xattr.system.posix_acl_access": "x",
    }
    return tar(target, {"ping": headers, "plain": {}}, hard="ping")


def ext4(folder: Path, at: Bench) -> Path:
    """The same by debugfs, which needs no rights and no kernel that knows them."""
    tree = folder / "tree"
    tree.mkdir()
    for name in ("ping", "plain"):
        (tree / name).touch(mode=0o644)
    (tree / "hard").hardlink_to(tree / "ping")
    made = images.ext4(tree, folder / "image")
    values = {"security.capability": PING, "user.note": NOTE, "user.long": LONG}
    for number, (name, value) in enumerate(values.items()):
        (folder / str(number)).write_bytes(value)
        command = f"ea_set -f {folder / str(number)} /ping {name}"
        at.run(["debugfs", "-w", "-R", command, made], made)
    return made


def read(at: Bench, path: Path) -> dict[str, Mapping[str, bytes] | None]:
    tree = artifact.open_artifact(at, path).tree
    assert tree is not None
    return {name: tree.entries[name].attributes for name in ("ping", "hard", "plain")}


def test_of_a_tar_file(tmp_path: Path, at: Bench) -> None:
    told = {"security.capability": PING, "user.note": NOTE}
    assert read(at, ping_tar(tmp_path / "tar")) == {"ping": told, "hard": told, "plain": {}}


@pytest.mark.tools("debugfs", "mke2fs")
def test_of_ext4_also_long_ones(tmp_path: Path, at: Bench) -> None:
    told = {"security.capability": PING, "user.note": NOTE, "user.long": LONG}
    assert read(at, ext4(tmp_path, at)) == {"ping": told, "hard": told, "plain": {}}


LISTED = (
    b"/ D 1 755 0 0\n"
    b"with\\ space R 1 644 0 0 2 0 0\n"
    b'with\\ space x user.note=0ta "q\\134uote"\\012\\377\n'
    b"with\\ space x system.posix_acl_access=0t\\002\n"
    b"d D 1 755 0 0\n"
    b"d x user.empty=\n"
    b"d x user.equal=a=b\\134 x y=z\n"
    b"hard L with\\ space\n"
)


def test_of_a_squashfs(tmp_path: Path) -> None:
    found = squashtree.parsed(LISTED, tmp_path, has_attributes=True)
    assert {name: entry.attributes for name, entry in found.entries.items()} == {
        "": {},
        "with space": {"user.note": NOTE},
        "d": {"user.empty": b"", "user.equal": b"a=b\\134 x y=z"},
        "hard": {"user.note": NOTE},
    }


@pytest.mark.parametrize("told", [None, {}])
def test_of_a_squashfs_when_unsquashfs_tells_none(
    told: dict[str, bytes] | None, tmp_path: Path
) -> None:
    found = squashtree.parsed(b"/ D 1 755 0 0\n", tmp_path, has_attributes=told is None)
    assert found.entries[""].attributes == told


def test_a_lost_capability_is_a_difference(tmp_path: Path, at: Bench) -> None:
    lost = tar(tmp_path / "lost", {"ping": {}, "plain": {}}, hard="ping")
    opened = (artifact.open_artifact(at, path) for path in (ping_tar(tmp_path / "tar"), lost))
    found = comparison.between(*opened)
    shown = f"security.capability=cap_net_raw=ep user.note=0x{NOTE.hex()}"
    assert {each.name: dict(each.changed) for each in found.files.all} == {
        "/hard": {"xattrs": (shown, "")},
        "/ping": {"xattrs": (shown, "")},
    }
