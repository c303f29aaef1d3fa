"""Times that are clamped: of files, links and directories; earlier ones stay."""

from __future__ import annotations

import os
from pathlib import Path

from livecd_rootfs.image import times

EPOCH = 1_700_000_000


def test_clamp(tmp_path: Path) -> None:
    folder = tmp_path / "tree/folder"
    folder.mkdir(parents=True)
    old, new, link = folder / "old", folder / "new", folder / "link"
    for path in (old, new):
        path.write_text("")
    link.symlink_to("/nowhere")
    os.utime(old, (EPOCH - 9, EPOCH - 9))
    assert times.clamp(tmp_path / "tree", EPOCH) == 4
    assert times.clamp(tmp_path / "tree", EPOCH) == 0
    found = {path.name: path.lstat().st_mtime for path in (tmp_path / "tree").rglob("*")}
    assert found == {"folder": EPOCH, "old": EPOCH - 9, "new": EPOCH, "link": EPOCH}
