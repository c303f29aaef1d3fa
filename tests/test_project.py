"""A project: which tree it takes, and which hooks it refuses before they are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs import settings
from livecd_rootfs.errors import UsageError
from livecd_rootfs.project import Findings, Project, find_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one hook, which nobody made executable."""
    base = tmp_path / "hooks.d/base"
    (base / "series").mkdir(parents=True)
    (tmp_path / "hooks.d/chroot").mkdir()
    (base / "series/one").write_text("base/one.binary\n")
    (base / "one.binary").write_text("#!/bin/sh\n")
    return tmp_path / "hooks.d"


def project(tree: Path, *, strict: bool) -> Project:
    loaded, _ = settings.load({}, {}, tree, ())
    return Project(tree=tree, settings=loaded, strict=strict)


def test_a_hook_that_cannot_be_executed_is_refused_before_anything_runs(tree: Path) -> None:
    with pytest.raises(Findings) as failure:
        project(tree, strict=True).resolve(["one"])
    (finding,) = failure.value.diagnostics
    assert finding.is_error
    assert finding.message == "hook 'base/one.binary' is not executable"
    assert finding.help == f"chmod +x {tree}/base/one.binary"


def test_under_live_build_which_may_mend_it_that_is_a_warning(tree: Path) -> None:
    (hook,) = project(tree, strict=False).resolve(["one"]).hooks
    assert hook.name == "base/one.binary"


def test_the_folder_around_a_tree_is_not_taken_for_the_tree(tree: Path) -> None:
    with pytest.raises(UsageError) as failure:
        find_tree(tree.parent, Path.cwd())
    assert failure.value.remedy == f"--tree {tree}"
    assert find_tree(tree, Path.cwd()) == tree
