"""Links in a target root are followed as a process in it would."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import rooted

LINKS = {
    "bin": "usr/bin",
    "usr/lib/shim/shim.signed": "/etc/alternatives/shim",
    "etc/alternatives/shim": "../../usr/lib/shim/shim.latest",
    "boot": "/../../usr/boot",
    "etc/mtab": "/proc/self/mounts",
    "one": "two",
    "two": "one",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for link, target in LINKS.items():
        (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / link).symlink_to(target)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("bin/sh", "usr/bin/sh"),
        ("/usr/lib/shim/shim.signed", "usr/lib/shim/shim.latest"),
        ("boot/vmlinuz", "usr/boot/vmlinuz"),
        ("etc/mtab", "proc/self/mounts"),
        ("../../etc/./passwd", "etc/passwd"),
        ("/", "."),
    ],
)
def test_resolve(root: Path, path: str, found: str) -> None:
    assert rooted.resolve(root, path) == root / found


def test_a_circle_is_an_error(root: Path) -> None:
    with pytest.raises(LivecdError, match="/one: Too many levels of symbolic links"):
        rooted.resolve(root, "one")


def test_a_file_is_written_where_the_link_leads_inside(root: Path) -> None:
    rooted.write(root, "boot/grub/grub.cfg", "menu\n")
    assert (root / "usr/boot/grub/grub.cfg").read_text() == "menu\n"
    assert rooted.text(root, "boot/grub/grub.cfg") == "menu\n"
    assert rooted.text(root, "boot/grub/none") == ""
    assert rooted.first_file(root, "none", "boot/grub/grub.cfg") is not None
    assert rooted.first_file(root, "none", "boot") is None
