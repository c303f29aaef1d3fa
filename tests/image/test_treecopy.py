"""Trees copied into a root: what they take over, what stays, and that nothing lands outside."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import treecopy
from livecd_rootfs.image.treecopy import Manner

pytestmark = pytest.mark.root

TIME = 1_700_000_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "etc/app.d").mkdir(parents=True)
    (folder / "etc/app.d/one").write_text("one\n")
    (folder / "etc/app.d").chmod(0o750)
    (folder / "etc/app.d/one").chmod(0o4711)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 1000, 1001)
    (folder / "etc/app.d/one").chmod(0o4711)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in ("usr/lib", "etc"):
        (root / folder).mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    (tmp_path / "outside").mkdir()
    return root


def facts(path: Path) -> tuple[str, int, int]:
    found = path.lstat()
    return stat.filemode(found.st_mode), found.st_uid, found.st_gid


def test_a_folder_becomes_roots_and_keeps_modes(source: Path, root: Path) -> None:
    assert treecopy.copy(source, root, "/", Manner(time=TIME)) == 1
    assert facts(root / "etc/app.d") == ("drwxr-x---", 0, 0)
    assert facts(root / "etc/app.d/one") == ("-rws--x--x", 0, 0)
    assert (root / "etc/app.d/one").read_text() == "one\n"
    assert (root / "etc/app.d/one").stat().st_mtime == TIME
    assert (root / "etc/app.d").stat().st_mtime == TIME


def test_owners_and_times_are_kept_if_asked(source: Path, root: Path) -> None:
    os.utime(source / "etc/app.d/one", (7, 7))
    treecopy.copy(source, root, "/", Manner(owners=True))
    assert facts(root / "etc/app.d") == ("drwxr-x---", 1000, 1001)
    assert facts(root / "etc/app.d/one") == ("-rws--x--x", 1000, 1001)
    assert facts(root / "etc") == ("drwxr-xr-x", 1000, 1001)
    assert facts(root)[1:] == (0, 0)
    assert (root / "etc/app.d/one").stat().st_mtime == 7


def test_a_folder_of_the_root_keeps_its_mode(source: Path, root: Path) -> None:
    (root / "etc").chmod(0o700)
    treecopy.copy(source, root, "/", Manner())
    assert facts(root / "etc") == ("drwx------", 0, 0)


def test_extended_attributes_are_kept(source: Path, root: Path) -> None:
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    os.setxattr(source / "etc/app.d/one", "security.capability", capability)
    os.setxattr(source / "etc/app.d", "user.note", b"mine")
    treecopy.copy(source, root, "/", Manner())
    assert os.getxattr(root / "etc/app.d/one", "security.capability") == capability
    assert os.getxattr(root / "etc/app.d", "user.note") == b"mine"


def test_links_hard_links_and_pipes_are_copied_as_such(source: Path, root: Path) -> None:
    (source / "etc/link").symlink_to("/nowhere")
    os.link(source / "etc/app.d/one", source / "etc/two")
    os.mkfifo(source / "etc/pipe")
    treecopy.copy(source, root, "/", Manner())
    assert str((root / "etc/link").readlink()) == "/nowhere"
    assert (root / "etc/two").samefile(root / "etc/app.d/one")
    assert (root / "etc/pipe").is_fifo()


def test_the_roots_links_lead_within_it(source: Path, root: Path, tmp_path: Path) -> None:
    """A link of the root, such as /lib or an absolute one, means a place of the root."""
    for name in ("lib", "data", "far"):
        (source / name).mkdir()
        (source / name / "file").write_text("x")
    (root / "data").symlink_to(tmp_path / "outside")
    (root / "far").symlink_to("../../../../outside")
    treecopy.copy(source, root, "/", Manner())
    assert (root / "lib").is_symlink()
    assert (root / "usr/lib/file").read_text() == "x"
    assert (root / "data").is_symlink()
    assert (root / str(tmp_path / "outside/file").lstrip("/")).read_text() == "x"
    assert (root / "outside/file").read_text() == "x"
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_file_replaces_a_link_and_is_not_written_through_it(
    source: Path, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside/passwd").write_text("precious\n")
    (root / "etc/app.d").mkdir()
    (root / "etc/app.d/one").symlink_to(tmp_path / "outside/passwd")
    treecopy.copy(source, root, "/", Manner())
    assert (root / "etc/app.d/one").read_text() == "one\n"
    assert not (root / "etc/app.d/one").is_symlink()
    assert (tmp_path / "outside/passwd").read_text() == "precious\n"


def test_a_target(source: Path, root: Path) -> None:
    treecopy.copy(source, root, "/srv/a/b", Manner())
    assert (root / "srv/a/b/etc/app.d/one").read_text() == "one\n"
    assert facts(root / "srv/a") == ("drwxr-xr-x", 0, 0)


def test_a_single_file(source: Path, root: Path) -> None:
    assert treecopy.copy(source / "etc/app.d/one", root, "lib/deep/two", Manner()) == 1
    assert facts(root / "usr/lib/deep/two") == ("-rws--x--x", 0, 0)


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ("etc/app.d", "a directory can't take the place of the file /etc/app.d"),
        ("etc/app.d/one/x", "a file can't take the place of the directory /etc/app.d/one"),
    ],
)
def test_what_is_in_the_way_is_told(source: Path, root: Path, there: str, wanted: str) -> None:
    (root / there).parent.mkdir(parents=True, exist_ok=True)
    (root / there).write_text("in the way\n")
    with pytest.raises(LivecdError, match=wanted):
        treecopy.copy(source, root, "/", Manner())


def test_a_socket_is_refused(source: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    with pytest.raises(LivecdError, match="a socket can't be copied"):
        treecopy.copy(source, root, "/", Manner())


def test_a_circle_of_links_is_told(source: Path, root: Path) -> None:
    (source / "loop").mkdir()
    (root / "loop").symlink_to("loop")
    with pytest.raises(LivecdError, match="Too many levels of symbolic links"):
        treecopy.copy(source, root, "/", Manner())


def test_a_tree_that_is_not_there_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="a tree can't be copied") as caught:
        treecopy.copy(tmp_path / "none", root, "/", Manner())
    assert caught.value.place == str(tmp_path / "none")
    assert caught.value.why == "No such file or directory"
