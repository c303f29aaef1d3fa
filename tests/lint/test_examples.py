"""Examples of trees as one text."""

from __future__ import annotations

import os
from pathlib import Path

from livecd_rootfs.lint import examples
from livecd_rootfs.lint.examples import ExampleFile, Mark

EXAMPLE = """\
== base/series/disk
# disk
base/disk.binary
^^^^      ^^^^^^
== base/disk.binary
== base/notes.txt (not executable)
caf\udce9
== base/link -> disk.binary
"""


def test_files_are_read() -> None:
    assert examples.read(EXAMPLE) == (
        ExampleFile(
            name="base/series/disk",
            text="# disk\nbase/disk.binary\n",
            marks=(
                Mark(name="base/series/disk", line=2, column=1, length=4),
                Mark(name="base/series/disk", line=2, column=11, length=6),
            ),
        ),
        ExampleFile(name="base/disk.binary", text="#!/bin/sh\n", executable=True),
        ExampleFile(name="base/notes.txt", text="caf\udce9\n"),
        ExampleFile(name="base/link", text="#!/bin/sh\n", executable=True, target="disk.binary"),
    )


def test_files_are_planted(tmp_path: Path) -> None:
    root = examples.plant(EXAMPLE, tmp_path / "hooks.d")
    assert (root / "chroot").is_dir()
    assert (root / "base/notes.txt").read_bytes() == b"caf\xe9\n"
    assert os.access(root / "base/disk.binary", os.X_OK)
    assert not os.access(root / "base/notes.txt", os.X_OK)
    assert (root / "base/link").readlink() == Path("disk.binary")
