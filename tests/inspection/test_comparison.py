"""Two artifacts compared: what differs is told, formats and times don't count."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.inspection import artifact, comparison, text
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.comparison import Change, Changes, Comparison
from tests.inspection import images
from tests.inspection.images import STATUS

pytestmark = pytest.mark.tools("debugfs", "mke2fs", "mksquashfs", "sfdisk", "unsquashfs", "zstd")


def compared(at: Bench, before: Path, after: Path) -> Comparison:
    return comparison.between(*(artifact.open_artifact(at, path) for path in (before, after)))


def changed(tree: Path, folder: Path, change: Callable[[Path], object]) -> Path:
    """A squashfs of a copy of the tree to which something was done."""
    copy = folder / "copy"
    shutil.copytree(tree, copy, symlinks=True, copy_function=os.link, ignore_dangling_symlinks=True,
                    ignore=shutil.ignore_patterns("pipe", "secret"))  # fmt: skip
    change(copy)
    return images.squashfs(copy, folder / "other.squashfs")


def rewritten(path: Path, content: str) -> None:
    """Not through the hard link that it shares with the original."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_text(content)
    path.chmod(mode)


def aimed(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def made_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    path.chmod(0o777)


ROWS: dict[str, tuple[Callable[[Path], object], dict[str, tuple[str, str]]]] = {
    "content of the same size": (
        lambda root: rewritten(root / "odd/#hash", "x"),
        {"sha256": (images.digest(b"6"), images.digest(b"x"))},
    ),
    "size": (lambda root: rewritten(root / "odd/#hash", "xy"), {"size": ("1", "2")}),
    "mode": (lambda root: (root / "odd").chmod(0o711), {"mode": ("0755", "0711")}),
    "link": (
        lambda root: aimed(root / "lib", "usr/lib64"),
        {"target": ("usr/lib", "usr/lib64")},
    ),
    "kind": (
        lambda root: made_a_directory(root / "lib"),
        {"kind": ("link", "directory")},
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_change_of(row: str, planted: Path, tmp_path: Path, at: Bench) -> None:
    change, expected = ROWS[row]
    before = changed(planted, tmp_path / "one", lambda _: None)
    after = changed(planted, tmp_path / "other", change)
    found = compared(at, before, after)
    assert [dict(each.changed) for each in found.files.all] == [expected]
    assert found.same is False


def test_packages(planted: Path, tmp_path: Path, at: Bench) -> None:
    status = STATUS.replace("bash", "dash").replace("1.22", "1.23")
    before = changed(planted, tmp_path / "one", lambda _: None)
    after = changed(
        planted, tmp_path / "other", lambda root: rewritten(root / "var/lib/dpkg/status", status)
    )
    found = compared(at, before, after)
    assert [each.name for each in found.packages.added] == ["dash"]
    assert [each.name for each in found.packages.removed] == ["bash"]
    assert [(each.name, dict(each.changed)) for each in found.packages.changed] == [
        ("dpkg", {"version": ("1.22", "1.23")})
    ]


@pytest.mark.parametrize("form", ["ext4", "tar.zst"])
def test_other_formats_of_one_tree_are_the_same(
    form: str, planted: Path, tmp_path: Path, at: Bench
) -> None:
    one = images.squashfs(planted, tmp_path / "one")
    other = images.ROOTS[form](planted, tmp_path / "other")
    found = compared(at, one, other)
    assert (found.same, found.files.all) == (True, ())
    assert text.comparison(found, ("one", "other"), everything=False) == (
        "one and other hold the same\n"
    )


@pytest.mark.tools("mcopy", "mkfs.vfat", "mmd", "qemu-img")
def test_disks(raw_disk: Path, tmp_path: Path, at: Bench) -> None:
    other = tmp_path / "other.raw"
    other.write_bytes(raw_disk.read_bytes())
    images.run("sfdisk", "-q", "--disk-id", other, "B271D13C-E331-548F-9761-D1E04D5EC4DE")
    found = compared(at, raw_disk, images.converted(other, tmp_path / "other", "qcow2"))
    assert [(each.name, list(each.changed)) for each in found.disk.all] == [("disk", ["id"])]
    assert found.files.all == ()


def test_what_only_one_file_system_knows_does_not_count() -> None:
    known = {"mode": "0644", "size": "1"}
    assert comparison.compare({"a": known}, {"a": {"size": "1"}}).all == ()
    assert comparison.compare({"a": known}, {"a": {"size": "2"}}).all[0].changed == {
        "size": ("1", "2")
    }


def told(*changes: Change) -> Comparison:
    nothing = Changes(before=0, after=0, all=())
    files = Changes(before=1000, after=2000, all=changes)
    return Comparison(disk=nothing, packages=nothing, files=files, bytes=(0, 2048))


def added(*names: str) -> tuple[Change, ...]:
    return tuple(Change(name=name, before=None, after={}) for name in names)


def test_text_shows_directories_that_are_new_as_a_whole() -> None:
    found = told(*added("/a", "/a/b", "/a/b/c", "/d"))
    assert text.comparison(found, ("x", "y"), everything=False) == (
        "--- x\n"
        "+++ y\n"
        "\n"
        "files     1,000 before, 2,000 after: 4 added\n"
        "          + /a/ and 2 below\n"
        "          + /d\n"
        "          0 B before, 2.0 KiB after (+2.0 KiB)\n"
    )


def test_text_shows_all_where_that_is_asked() -> None:
    names = [f"/{number}" for number in range(100, 120)]
    short = text.comparison(told(*added(*names)), ("x", "y"), everything=False)
    assert short.count("+ /") == text.SHOWN
    assert f"+ ... and {20 - text.SHOWN} more (--all)\n" in short
    assert text.comparison(told(*added(*names)), ("x", "y"), everything=True).count("+ /") == 20


def test_text_escapes_what_a_terminal_must_not_see() -> None:
    shown = text.comparison(told(*added("/\x1b[31m\udcff")), ("x", "y"), everything=False)
    assert "+ /\\x1b[31m\\udcff\n" in shown


def test_data_is_json_whatever_the_names() -> None:
    found = comparison.data(told(*added("/\udcff")), ("x", "y"))
    assert "/\\udcff" in json.dumps(found)
