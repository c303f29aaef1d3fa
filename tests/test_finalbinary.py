"""The hook final.binary: where it finds its list, its options, its exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from livecd_rootfs import finalbinary
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import LivecdError
from tests import checkout, trees

SCRIPT = checkout.ROOT / "hooks.d/base/final.binary"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("livecd.p.box", "livecd.p.qcow2", "livecd.p-raspi.img"):
        (tmp_path / name).write_text("x" * 10)
    (tmp_path / "config/hooks").mkdir(parents=True)
    (tmp_path / "config/hooks.d/base").mkdir(parents=True)
    (tmp_path / "config/hooks/explicit_provides").write_text("livecd.p.box\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv: str, script: str = "config/hooks.d/base/final.binary", **environ: str) -> Outcome:
    tree = os.path.realpath("config/hooks.d")
    return finalbinary.run(argv, script=script, tree=tree, environ={"PROJECT": "p", **environ})


def artifacts(build: Path) -> list[str]:
    return [name for name in trees.names(build) if name.startswith("livecd.")]


def test_of_an_image_only_what_the_settings_ask_for_is_missed(build: Path) -> None:
    """The series lists all that any settings make, and make-hooks knows none of them."""
    ends = ("raw", "raw.zst", "qcow2", "tar.zst", "spdx.json")
    listed = "".join(f"livecd.p.image.{end}\n" for end in ends)
    (build / "config/hooks/explicit_provides").write_text(listed)
    for end in ("raw", "spdx.json"):
        (build / f"livecd.p.image.{end}").touch()
    assert run().status == 0
    assert artifacts(build)[-2:] == ["livecd.p.image.raw", "livecd.p.image.spdx.json"]
    with pytest.raises(LivecdError, match=r"livecd\.p\.image\.qcow2', which was not made"):
        run(QCOW2="yes")


def test_prunes_and_says_so(build: Path) -> None:
    assert run() == Outcome(
        status=0,
        out="[PROVIDES] ./config/hooks/explicit_provides\n"
        "[KEEP] livecd.p.box (10 bytes)\n"
        "[REMOVE] livecd.p.qcow2 (10 bytes)\n"
        "[PRUNED] 1 kept, 1 removed, 10 bytes freed\n",
        err="",
    )
    assert artifacts(build) == ["livecd.p-raspi.img", "livecd.p.box"]


def test_dry_run_deletes_nothing(build: Path) -> None:
    assert "1 would be removed" in run("--dry-run").out
    assert len(artifacts(build)) == 3


def test_subarch(build: Path) -> None:
    run(SUBARCH="raspi")
    assert artifacts(build) == ["livecd.p.box"]


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["--dry-run"], 1),
        (["--dry-run", "--allow-missing"], 0),
        (["--allow-missing"], 0),
    ],
)
def test_missing_artifact(build: Path, argv: list[str], status: int) -> None:
    (build / "livecd.p.box").unlink()
    outcome = run(*argv)
    assert outcome.status == status
    assert "[MISSING] livecd.p.box\n" in outcome.out


def test_missing_artifact_fails_before_anything_is_deleted(build: Path) -> None:
    (build / "livecd.p.box").unlink()
    with pytest.raises(LivecdError, match=r"provide 'livecd\.p\.box', which was not made"):
        run()
    assert artifacts(build) == ["livecd.p-raspi.img", "livecd.p.qcow2"]


def test_strict_misses_what_auto_build_should_have_made(build: Path) -> None:
    (build / "config/hooks/explicit_provides").write_text("livecd.p.box\nlivecd.p.ext4\n")
    with pytest.raises(LivecdError, match=r"livecd\.p\.ext4"):
        run("--strict")
    assert "[LATER] livecd.p.ext4 is made after" in run().out


@pytest.mark.parametrize(
    ("place", "script"),
    [
        ("config/hooks/normal", "config/hooks/normal/9137-final.hook.binary"),
        ("config/hooks", "config/hooks.d/base/final.binary"),
        ("config/hooks.d", "config/hooks.d/base/final.binary"),
    ],
)
def test_places_of_the_list(build: Path, place: str, script: str) -> None:
    (build / "config/hooks/explicit_provides").unlink()
    (build / place).mkdir(exist_ok=True)
    (build / place / "explicit_provides").write_text("livecd.p.qcow2\n")
    run(script=script)
    assert artifacts(build) == ["livecd.p-raspi.img", "livecd.p.qcow2"]


def test_the_list_beside_the_called_link_counts_first(build: Path) -> None:
    other = build / "other"
    other.mkdir()
    (other / "explicit_provides").write_text("livecd.p.qcow2\n")
    run(script="other/003-final.binary")
    assert artifacts(build) == ["livecd.p-raspi.img", "livecd.p.qcow2"]


def test_other_list(build: Path) -> None:
    (build / "list").write_text("")
    run("--provides-file", "list")
    assert len(artifacts(build)) == 3


@pytest.mark.parametrize("argv", [[], ["--provides-file", "gone"]])
def test_without_a_list_nothing_is_deleted(build: Path, argv: list[str]) -> None:
    (build / "config/hooks/explicit_provides").unlink()
    with pytest.raises(LivecdError, match="so nothing is deleted"):
        run(*argv)
    assert len(artifacts(build)) == 3


def test_runs_as_the_last_hook_through_its_link(build: Path) -> None:
    (build / "config/hooks/009-final.binary").symlink_to(SCRIPT)
    ended = subprocess.run(
        [sys.executable, "config/hooks/009-final.binary"],
        env={"PATH": os.environ["PATH"], "PROJECT": "p"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert artifacts(build) == ["livecd.p-raspi.img", "livecd.p.box"]


@pytest.mark.parametrize(("argv", "status"), [(["--help"], 0), (["--nonsense"], 2)])
def test_command_line(argv: list[str], status: int) -> None:
    ended = subprocess.run([sys.executable, SCRIPT, *argv], capture_output=True, check=False)
    assert ended.returncode == status
    assert b"usage: final.binary" in ended.stdout + ended.stderr
