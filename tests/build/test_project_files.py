"""The project's own files: a hook that declares their setting sees them, and their content counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

FILES = {
    "base/series/one": "base/one.binary\nbase/two.binary\nprovides ${PREFIX}.one\n",
    "base/one.binary": "#!/bin/sh\n# hook: env=EXTRA_TREES,BUILD_SCRIPT,HOSTNAME,AUTOLOGIN inputs=\n"
    'echo "$EXTRA_TREES $BUILD_SCRIPT [$HOSTNAME] $AUTOLOGIN" > livecd.test.one\n'
    "cat /livecd/files/EXTRA_TREES/0/etc/motd >> livecd.test.one\n"
    "/livecd/files/BUILD_SCRIPT/0 >> livecd.test.one\n",
    "base/two.binary": "#!/bin/sh\n# hook: env=BUILD_DIRECTORY inputs=\n"
    'echo more >> "$BUILD_DIRECTORY/log"\n',
}


@pytest.fixture(autouse=True)
def project(tree: Tree, command: Command) -> Path:
    """A project with an extra tree, a build script and a build directory."""
    tree(FILES)
    here = command.folder
    (here / "mkosi.extra/etc").mkdir(parents=True)
    (here / "mkosi.extra/etc/motd").write_text("hello\n")
    (here / "mkosi.build").write_text("#!/bin/sh\necho built\n")
    (here / "mkosi.build").chmod(0o755)
    (here / "mkosi.builddir").mkdir()
    return here


def ran(command: Command, *options: str) -> set[str]:
    """The hooks that a build runs."""
    return set(layered.ran(layered.events(command, "one", *options)))


def test_a_hook_sees_what_it_declares_at_fixed_places(command: Command, project: Path) -> None:
    (project / "mkosi.conf").write_text("[Content]\nHostname=box\nAutologin=1\n")
    assert command.run("one").returncode == 0
    assert (command.output / "livecd.test.one").read_text().splitlines() == [
        "/livecd/files/EXTRA_TREES/0 /livecd/files/BUILD_SCRIPT/0 [box] yes",
        "hello",
        "built",
    ]
    assert (project / "mkosi.builddir/log").read_text() == "more\n"


def test_only_who_reads_what_changed_runs_again(command: Command, project: Path) -> None:
    assert ran(command) >= {"base/one.binary", "base/two.binary"}
    assert ran(command) == set()
    (project / "mkosi.extra/etc/motd").write_text("other\n")
    assert "base/one.binary" in ran(command)
    (project / "mkosi.builddir/cached").write_text("")
    (project / "mkosi.postinst").write_text("#!/bin/sh\n")
    (project / "mkosi.postinst").chmod(0o755)
    assert ran(command) == set()


def test_another_place_of_the_same_files_is_no_change(command: Command, project: Path) -> None:
    ran(command)
    (project / "mkosi.extra").rename(project / "files")
    (project / "mkosi.conf").write_text("[Content]\nExtraTrees=files\n")
    assert ran(command) == set()


def test_nothing_is_built_where_a_script_can_not_run(command: Command, project: Path) -> None:
    (project / "mkosi.build").chmod(0o644)
    ended = command.run("one")
    assert ended.returncode == 2
    assert ended.stderr == (
        "livecd-rootfs: the script of BuildScript is not executable\n"
        f"  at:   {project}/mkosi.build\n"
        "  help: chmod +x mkosi.build; an empty BuildScript= leaves it out\n"
    )
    assert command.run("one", "--set", "BuildScript=").returncode == 1  # the hook calls it
