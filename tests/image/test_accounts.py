"""Who runs a script has a name in the root, which keeps the accounts that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.image import accounts
from livecd_rootfs.sandbox import User
from tests.trees import plant

ROOT = "root:x:0:0:root:/root:/bin/bash\n"
USER = User(uid=1234, gid=2345)


def made(root: Path, folder: Path, user: User = USER) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    return {bind.target: bind.source.read_text() for bind in accounts.shown(root, user, folder)}


@pytest.mark.parametrize("known", [ROOT, ROOT.rstrip("\n"), ""])
def test_a_line_is_added(tmp_path: Path, known: str) -> None:
    root = plant(tmp_path / "root", {"etc/passwd": known} if known else {"etc/x": ""})
    found = made(root, tmp_path / "scratch")
    first = ROOT if known else ""
    assert found == {
        "/etc/passwd": f"{first}builder:x:1234:2345::/tmp:/bin/sh\n",
        "/etc/group": "builder:x:2345:\n",
    }
    assert not known or (root / "etc/passwd").read_text() == known


def test_who_is_known_keeps_their_name(tmp_path: Path) -> None:
    users = {"etc/passwd": "me:x:1234:2345::/home/you:/bin/sh\n", "etc/group": "us:x:2345:\n"}
    assert made(plant(tmp_path / "root", users), tmp_path / "scratch") == {}


def test_a_name_that_is_taken_is_not_taken_again(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"etc/group": "builder:x:1:\n"})
    assert made(root, tmp_path / "scratch")["/etc/group"].endswith("\nbuilder-2345:x:2345:\n")


def test_a_link_leads_within_the_root(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"usr/passwd": ROOT, "etc/x": ""})
    (root / "etc/passwd").symlink_to("/usr/passwd")
    assert made(root, tmp_path / "scratch")["/etc/passwd"].startswith(ROOT)
