"""An artifact is there whole, or the old one still is, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.steps import artifact


class Fault(Exception):
    pass


def fail_half_way(path: Path) -> None:
    with artifact.appearing(path) as part:
        part.write_text("half")
        raise Fault


def test_it_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "livecd.x.img"
    with artifact.appearing(path) as part:
        part.write_text("whole")
        assert not path.exists()
        assert not list(path.parent.glob("livecd.*"))
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "livecd.x.img"
    path.write_text("old")
    with pytest.raises(Fault):
        fail_half_way(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "livecd.x.img"
    artifact.temporary(path).write_text("left by a killed run")
    with artifact.appearing(path) as part:
        assert not part.exists()
        part.write_text("whole")
    assert path.read_text() == "whole"


def test_nothing_made_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), artifact.appearing(tmp_path / "livecd.x.img"):
        pass
