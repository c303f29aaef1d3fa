"""make-hooks where it may not read, may not write, or has no room: one clear message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import checkout, trees

MAKE_HOOKS = checkout.ROOT / "hooks.d/make-hooks"
# For root to be refused anything, it must first lose the right to pass over permissions.
DENIED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {"base/series/img": "base/img.binary\nbase/two.binary\nprovides x\n"}
    return trees.plant(
        tmp_path / "hooks.d", {**files, "base/img.binary": "", "base/two.binary": ""}
    )


def run(cwd: Path, *argv: str) -> str:
    """What a run says that must fail and write nothing."""
    before = trees.names(cwd)
    ended = subprocess.run(
        [*DENIED, sys.executable, str(MAKE_HOOKS), "--tree", "hooks.d", *argv],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert trees.names(cwd) == before
    return ended.stderr.replace(str(cwd), "BUILD")


@pytest.mark.parametrize(
    ("path", "mode", "message"),
    [
        ("hooks.d/base/series/img", 0o000, "hooks.d/base/series/img can't be read"),
        ("hooks.d/base/series", 0o000, "hooks.d/base/series/img can't be reached"),
        ("hooks.d/chroot", 0o000, "hooks.d/chroot can't be listed"),
        ("out", 0o555, "BUILD/out/explicit_provides.new can't be written"),
        ("out", 0o000, "BUILD/out can't be written"),
        (".", 0o555, "BUILD/hooks can't be written"),
    ],
)
def test_denied(tree: Path, path: str, mode: int, message: str) -> None:
    build = tree.parent
    (build / "out").mkdir()
    (build / path).chmod(mode)
    try:
        argv = ("-d", "out") if path == "out" else ()
        said, why, remedy = run(build, *argv, "img").splitlines()
    finally:
        (build / path).chmod(0o755)
    assert said == f"make-hooks: {message}"
    assert why.startswith("  why:  Permission denied")
    assert remedy.startswith("  help: ")
    assert trees.names(build / "out") == []


@pytest.mark.root
@pytest.mark.parametrize("inodes", [2, 3, 4])
def test_full_disk(tree: Path, inodes: int) -> None:
    """A file system with room for the directory itself and for too few links."""
    build = tree.parent
    (build / "out").mkdir()
    script = (
        'mount -t tmpfs -o "nr_inodes=$1" none out && shift && '
        'touch out/foreign; "$@"; echo "status $?"; ls -A out'
    )
    command = [sys.executable, str(MAKE_HOOKS), "--tree", "hooks.d", "-d", "out", "img"]
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(inodes), *command],
        cwd=build,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "status 1\nforeign\n"
    assert "No space left on device; nothing was changed" in ended.stderr
