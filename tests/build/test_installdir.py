"""InstallDirectory: what the build script installed is shown there, from its layer, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

FILES = {
    "base/series/x": "base/make.binary\nbase/install.binary\nprovides ${PREFIX}.x\n",
    "base/make.binary": (
        "#!/bin/sh -e\n# hook: env=BUILD_PACKAGES inputs= aside=build\n"
        'mkdir -p dest/bin; echo x > "dest/bin/program-$BUILD_PACKAGES"; ln -s bin dest/link\n'
        'test -n "$BUILD_PACKAGES" || rm -r dest\n'
    ),
    "base/install.binary": (
        "#!/bin/sh -e\n# hook: env= inputs= joins=build/dest\n"
        'ls "$LIVECD_BRANCHES/build/dest/bin" > livecd.test.x || echo none > livecd.test.x\n'
    ),
}


@pytest.fixture(autouse=True)
def project(tree: Tree, command: Command) -> Path:
    """A project whose build script has made one program."""
    tree(FILES)
    return command.folder


def build(command: Command, program: str, **environ: str) -> list[str]:
    said = layered.events(command, "x", LIVECD_BUILD_PACKAGES=program, **environ)
    return [name for name in layered.ran(said) if name.startswith("base/")]


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_it_holds_what_was_installed_and_no_more(command: Command, project: Path) -> None:
    installed = project / "objects/installed"
    where = {"LIVECD_INSTALL_DIRECTORY": "objects/installed"}
    assert build(command, "one", **where)
    assert names(installed) == ["bin", "bin/program-one", "link"]
    build(command, "two", **where)
    assert names(installed) == ["bin", "bin/program-two", "link"]
    assert build(command, "one", **where) == []
    assert names(installed) == ["bin", "bin/program-one", "link"]
    assert [path.name for path in (project / "objects").iterdir()] == ["installed"]


def test_it_is_the_users(command: Command, project: Path) -> None:
    (project / "mkosi.installdir").mkdir()
    (project / "mkosi.installdir/left").touch()
    build(command, "one", SUDO_UID="1234", SUDO_GID="2345")
    found = [project / "mkosi.installdir", *(project / "mkosi.installdir").rglob("*")]
    assert len(found) == 4
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in found} == {(1234, 2345)}


def test_without_a_build_script_it_stays_as_it_was(command: Command, project: Path) -> None:
    (project / "mkosi.installdir").mkdir()
    (project / "mkosi.installdir/left").touch()
    build(command, "")
    assert names(project / "mkosi.installdir") == ["left"]


def test_nothing_of_the_users_is_lost(command: Command, project: Path) -> None:
    (project / "own").mkdir()
    (project / "own/file").touch()
    (project / "mkosi.conf").write_text("[Content]\nInstallDirectory=own\n")
    done = command.run("x", LIVECD_BUILD_PACKAGES="one")
    assert done.returncode == 1
    assert "InstallDirectory is 'own', which holds files that no build has put there" in done.stderr
    assert "mkosi.conf:2:18" in done.stderr
    assert names(project / "own") == ["file"]
    assert command.made() == []
