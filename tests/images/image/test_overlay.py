"""The build overlay for real: a C program comes into the image, and its compiler does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livecd_rootfs.inspection.tree import Kind, Tree
from tests.images.image.conftest import Project, ran, source

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]


def test_the_program_is_in_the_image_and_ran_there(project: Project, tree: Tree) -> None:
    entry = tree.entries["usr/bin/hello"]
    assert (entry.kind, entry.owner) == (Kind.FILE, (0, 0))
    said = tree.text("usr/share/hello/said")
    assert said.startswith(f"hello, this is {project.token}, with zlib 1.")


def test_the_compiler_is_not(project: Project, tree: Tree) -> None:
    unwanted = {"usr/bin/gcc", "usr/include/zlib.h", "usr/bin/left-in-the-overlay"}
    found = unwanted & tree.entries.keys()
    assert not found
    status = tree.text("var/lib/dpkg/status")
    assert "\nPackage: zlib1g\n" in status
    assert "\nPackage: gcc\n" not in status
    names = {
        row["name"] for row in json.loads(project.artifact(".manifest").read_text())["packages"]
    }
    assert "zlib1g" in names
    assert not {"gcc", "zlib1g-dev"} & names


def test_prepare_ran_for_the_image_and_for_its_build(tree: Tree) -> None:
    assert tree.text("etc/prepared") == "final\n"
    assert tree.text("usr/share/hello/prepared") == "final\nbuild\n"


def test_what_was_removed_in_the_overlay_is_in_the_image(tree: Tree) -> None:
    """The build script itself saw that it was not there."""
    assert tree.text("etc/debian_version")
    assert tree.text("etc/skeleton") == "there before packages\n"


def test_the_build_script_had_no_network(tree: Tree) -> None:
    network = tree.text("usr/share/hello/network")
    assert network == "lo\n"


def test_no_policy_that_forbids_services_is_left(tree: Tree) -> None:
    is_left = "usr/sbin/policy-rc.d" in tree.entries
    assert not is_left


def test_finalize_ran_beside_the_image(tree: Tree) -> None:
    assert tree.text("usr/share/hello/finalized") == tree.text("usr/share/hello/said")


def test_nothing_was_written_into_the_project(project: Project) -> None:
    assert not (project.folder / "left-in-the-sources").exists()


def test_an_edited_source_runs_the_build_script_and_what_truly_follows(
    project: Project, tmp_path: Path
) -> None:
    """A remark changes no byte of the program, so there everything ends."""
    text = source(project.token)
    other = ("--output", str(tmp_path / "out"))
    project.write({"hello.c": f"/* a remark */{text}"})
    remark = ran(project.events(*other))
    project.write({"hello.c": text.replace("hello, ", "good morning, ")})
    change = ran(project.events(*other))
    project.write({"hello.c": text})
    assert remark == ["build-script"]
    assert change[:3] == ["build-script", "install-build-dest", "extra-trees"]
    assert not {"bootstrap", "configure", "prepare", "build-packages", "prepare-build"} & {*change}
