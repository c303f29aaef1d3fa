"""Skeleton trees and packages, where no bootstrap has brought them: only what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.image import inroot, install_distribution, skeleton_trees
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext

pytestmark = pytest.mark.root
STATUS = "".join(
    f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
    for name in ("apt", "vim")
)


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    folder = tmp_path / "mkosi.skeleton"
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/mine").write_text("mine\n")
    (folder / "etc/theirs").write_text("mine\n")
    return folder


def test_skeleton_trees_that_a_bootstrap_had(new_context: NewContext, skeleton: Path) -> None:
    context = new_context(SKELETON_TREES=str(skeleton), LIVECD_BASE="bootstrap")
    assert skeleton_trees.run(context).startswith("skeleton-trees: nothing to do, the bootstrap")
    assert not (context.chroot / "etc/mine").exists()


def test_skeleton_trees_replace_nothing_in_another_root(
    new_context: NewContext, skeleton: Path
) -> None:
    context = new_context(SKELETON_TREES=str(skeleton))
    (context.chroot / "etc/theirs").write_text("theirs\n")
    assert (
        skeleton_trees.run(context) == "skeleton-trees: 1 tree, 1 file, as far as they were missing"
    )
    assert (context.chroot / "etc/mine").read_text() == "mine\n"
    assert (context.chroot / "etc/theirs").read_text() == "theirs\n"


def test_before_packages_they_replace_what_is_there(
    new_context: NewContext, skeleton: Path
) -> None:
    context = new_context(SKELETON_TREES=str(skeleton))
    (context.chroot / "etc/theirs").write_text("theirs\n")
    skeleton_trees.before_packages(context)
    assert (context.chroot / "etc/theirs").read_text() == "mine\n"


def test_no_skeleton(new_context: NewContext) -> None:
    assert skeleton_trees.run(new_context()) == "skeleton-trees: nothing to do, there are no trees"


def test_a_skeleton_that_does_not_fit(new_context: NewContext, skeleton: Path) -> None:
    context = new_context(SKELETON_TREES=str(skeleton))
    (context.chroot / "etc/mine").mkdir()
    (skeleton / "bin").mkdir()
    (skeleton / "bin/sh").mkdir()
    with pytest.raises(LivecdError, match="can't take the place of the file"):
        skeleton_trees.run(context)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The commands that would run in the root."""
    found: list[Sequence[str]] = []
    monkeypatch.setattr(inroot, "run", lambda *words, **_: found.append(words[2]))
    return found


def root_with_packages(new_context: NewContext, **variables: str) -> Context:
    context = new_context(**variables)
    (context.chroot / "var/lib/dpkg/status").write_text(STATUS)
    (context.chroot / "usr/bin/apt-get").touch()
    lists = context.chroot / "var/lib/apt/lists"
    lists.mkdir(parents=True)
    return context


def test_only_what_is_missing_is_installed(
    new_context: NewContext, called: list[Sequence[str]]
) -> None:
    words = "vim vim:amd64 apt=1 curl less/sid"
    context = root_with_packages(new_context, IMAGE_PACKAGES=words, LIVECD_BASE="directory")
    (context.chroot / "var/lib/apt/lists/lock").touch()
    said = install_distribution.run(context)
    assert said == "install-distribution: 2 packages, and dependencies"
    assert [list(argv[:2]) for argv in called] == [
        ["apt-get", "update"], ["apt-get", "--yes"], ["apt-get", "clean"],
    ]  # fmt: skip
    assert list(called[1][-3:]) == ["install", "curl", "less/sid"]
    assert not list((context.chroot / "var/lib/apt/lists").iterdir())


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"IMAGE_PACKAGES": "curl", "LIVECD_BASE": "bootstrap"}, "the bootstrap installed its"),
        ({"IMAGE_PACKAGES": "apt vim"}, "no package is missing"),
        ({}, "no package is missing"),
    ],
)
def test_nothing_to_do(
    new_context: NewContext, called: list[Sequence[str]], variables: dict[str, str], why: str
) -> None:
    said = install_distribution.run(root_with_packages(new_context, **variables))
    assert said.startswith(f"install-distribution: nothing to do, {why}")
    assert called == []


def test_a_root_without_apt(new_context: NewContext) -> None:
    with pytest.raises(UsageError, match="the root has no apt-get") as failure:
        install_distribution.run(new_context(IMAGE_PACKAGES="curl"))
    assert "curl" in (failure.value.remedy or "")
