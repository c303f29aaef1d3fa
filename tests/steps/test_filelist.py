"""The list of files is that of ``find | sort``, byte for byte."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from livecd_rootfs.steps import filelist


def test_it_is_what_find_and_sort_print(tmp_path: Path) -> None:
    for name in (b"b", b"a/b/c", b"a-b", b"a b/\xff\xfe", b"a/.hidden", "é".encode()):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "link-to-a-directory").symlink_to("a")
    found = subprocess.run(["find", "-xdev"], cwd=tmp_path, capture_output=True, check=True)
    ordered = subprocess.run(
        ["sort"], input=found.stdout, env={"LC_ALL": "C"}, capture_output=True, check=True
    )
    assert filelist.of(tmp_path) == ordered.stdout
