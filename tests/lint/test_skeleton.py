"""`series-lint new`: what it writes passes lint, and builds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint import cli
from tests import checkout

COMMAND = Path(sys.executable).parent / "livecd-rootfs"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(checkout.ROOT / "hooks.d", tmp_path / "hooks.d")


def new(*words: str) -> str:
    return cli.run(["new", *words], environ={}).out


@pytest.mark.parametrize("depends", [None, "root-dir", "qcow2", "all"])
def test_it_passes_lint(tree: Path, depends: str | None) -> None:
    made = new("my-image", *(["--depends", depends] if depends else []))
    assert made == "hooks.d/extra/series/my-image\nhooks.d/extra/my-image.binary\n"
    ignored = ["--ignore", "shellcheck"] if depends else []
    outcome = cli.run(["--no-cache", "--tree", str(tree), *ignored], environ={})
    assert (outcome.status, outcome.out) == (0, "nothing found\n")


@pytest.mark.root
def test_it_builds(tree: Path, tmp_path: Path) -> None:
    new("my-image", "--tree", str(tree))
    out = tmp_path / "out"
    words = ["build", "my-image", "--base", "none", "--tools", "host", "--tree", str(tree)]
    places = ["--output", str(out), "--cache", str(tmp_path / "cache")]
    done = subprocess.run(
        [COMMAND, *words, *places], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.glob("livecd.*.my-image.txt")
    assert made.read_text().startswith("chroot\t")


@pytest.mark.parametrize(
    "words",
    [
        ["squashfs"],
        ["Upper"],
        ["a/b"],
        [".."],
        ["-x"],
        [""],
        ["x", "--depends", "nobody"],
        ["x", "--tree", "nowhere"],
    ],
)
def test_what_can_not_be_made_is_told_and_nothing_is_written(tree: Path, words: list[str]) -> None:
    with pytest.raises(LivecdError):
        new(*words)
    assert not (tree / "extra").exists()


def test_nothing_is_overwritten(tree: Path) -> None:
    new("my-image")
    hook = tree / "extra/my-image.binary"
    hook.write_text("mine")
    (tree / "extra/series/my-image").unlink()
    with pytest.raises(LivecdError, match="there already"):
        new("my-image")
    assert hook.read_text() == "mine"
    assert not (tree / "extra/series/my-image").exists()


def test_half_a_target_is_never_left(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "x.binary")

    (tree / "extra/series").mkdir(parents=True)
    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(LivecdError, match="can't be written"):
        new("my-image")
    assert [path for path in (tree / "extra").rglob("*") if path.is_file()] == []
