"""A project built again: which steps of the overlay run, on a root that takes no time to make."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import checkout
from tests.build import layered
from tests.build.conftest import Command, plant
from tests.image.test_build_overlay import ROOT
from tests.seat import Seat
from tests.steps import builds
from tests.steps.builds import tree

pytestmark = pytest.mark.root

STEPS = ("prepare", "build-packages", "prepare-build", "build-script", "install-build-dest")
SERIES = "".join(f"base/{name}.binary\n" for name in (*STEPS, "pack"))
PACK = "#!/bin/sh -e\n# hook: env= inputs=\ncat chroot/usr/bin/program > livecd.test.x\n"
AFTER = ["build-script", "install-build-dest", "pack"]
BUILD = """\
#!/bin/sh -e
test -e /usr/bin/gcc
mkdir -p "$DESTDIR/usr/bin"
read -r line < main.c
echo "$line" "$(ls -A "$SRCDIR")" $WITH_TESTS > "$DESTDIR/usr/bin/program"
touch left
"""
PROJECT = {
    "mkosi.conf": "[Content]\nBuildPackages=gcc\n",
    "mkosi.build": BUILD,
    "mkosi.prepare": "#!/bin/sh -e\necho $1 >> /etc/prepared\n",
    "main.c": "int main;\n// a remark\n",
    ".git/HEAD": "history\n",
    "mkosi.builddir/old.o": "object\n",
}
SEEN = "hooks.d main.c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project in its directory, which also has the cache and the output."""

    command: Command
    base: Path

    def write(self, files: Mapping[str, str]) -> None:
        builds.plant(self.command.folder, files)

    def build(self) -> list[str]:
        """The steps that ran."""
        ended = self.command.run("x", "--progress", "json", base=str(self.base))
        assert ended.returncode == 0, ended.stderr
        ran = layered.ran(layered.parsed(ended.stdout))
        return [name.removeprefix("base/").removesuffix(".binary") for name in ran]

    def made(self) -> str:
        return " ".join((self.command.output / "livecd.test.x").read_text().split())


@pytest.fixture
def project(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Project:
    base = tmp_path_factory.mktemp("base") / "root"
    subprocess.run(["cp", "-a", command.root, base], check=True)
    builds.plant(base, ROOT)
    made = Project(command=command, base=base)
    plant(
        command.folder,
        {"base/series/x": f"{SERIES}provides ${{PREFIX}}.x\n", "base/pack.binary": PACK},
    )
    for name in STEPS:
        file = f"base/{name}.binary"
        shutil.copy(checkout.ROOT / "hooks.d" / file, command.folder / "hooks.d" / file)
    made.write(PROJECT)
    return made


def test_only_what_depends_on_a_change_runs_again(project: Project) -> None:
    assert project.build()[1:] == [*STEPS, "pack"]
    assert project.made() == f"int main; {SEEN} 1"
    assert project.build() == []
    project.write({"main.c": "int main;\n// another remark\n"})
    assert project.build() == ["build-script"]
    project.write({"main.c": "long main;\n"})
    assert project.build() == AFTER
    assert project.made() == f"long main; {SEEN} 1"


CHANGES = {
    "the build script": ({"mkosi.build": BUILD + "# more\n"}, ["build-script"]),
    "an option that it reads": (
        {"mkosi.conf": "[Content]\nBuildPackages=gcc\nWithTests=no\n"},
        AFTER,
    ),
    "build packages": (
        {"mkosi.conf": "[Content]\nBuildPackages=gcc make\n"},
        ["build-packages", "prepare-build", "build-script"],
    ),
    "what is no source": ({".git/HEAD": "more history\n", "mkosi.builddir/new.o": "object\n"}, []),
}


@pytest.mark.parametrize(("files", "ran"), CHANGES.values(), ids=CHANGES)
def test_a_change_of(project: Project, files: dict[str, str], ran: list[str]) -> None:
    project.build()
    project.write(files)
    assert project.build() == ran


WAYS = {"upwards and down again": "../{name}", "a link": "{link}"}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_cache_among_the_sources_is_none_of_them(
    project: Project, way: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Else each build would see, and hash, what the one before it has left there."""
    folder = project.command.folder
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(folder)
    source = way.format(name=folder.name, link=link)
    project.write({"mkosi.conf": f"[Content]\nBuildPackages=gcc\nBuildSources={source}\n"})
    assert project.build()
    assert project.made() == f"int main; {SEEN} 1"
    assert project.build() == []


def test_a_prepare_script_that_names_the_sources_runs_when_they_change(project: Project) -> None:
    project.write({"mkosi.prepare": '#!/bin/sh -e\ncat "$SRCDIR/main.c" > /etc/prepared\n'})
    project.build()
    project.write({"main.c": "int main;\n// another remark\n"})
    assert project.build() == [*STEPS, "pack"]


def test_a_shell_shows_the_overlay_of_a_build_script_that_failed(project: Project) -> None:
    project.write({"mkosi.build": "#!/bin/sh\necho half > /usr/bin/made; exit 7\n"})
    command = project.command
    argv = command.argv("x", "--shell-on-failure", base=str(project.base))
    environ = {**os.environ, "PYTHONPATH": str(checkout.ROOT)}
    with Seat(argv, cwd=command.folder, env=environ) as seat:
        above = seat.until("[base/build-script.binary]")
        assert "mkosi.build failed with status 7" in above
        assert "SRCDIR (/work/src): /livecd/files/BUILD_SOURCES/0" in above
        seat.type("echo seen: $(cat build-root/usr/bin/gcc build-root/usr/bin/made)\n")
        seat.until("seen: compiler half\r\n")
        seat.type("exit\n")
        assert seat.leave() == 1


def test_nothing_is_written_into_the_project(project: Project) -> None:
    own = ("cache", "out")
    before = {name: facts for name, facts in tree(project.command.folder).items() if name != "."}
    project.build()
    after = {
        name: facts
        for name, facts in tree(project.command.folder).items()
        if name != "." and Path(name).parts[0] not in own
    }
    assert after == before


FAILURES = {
    "prepare": ("mkosi.prepare", 'test "$1" != final', "mkosi.prepare failed with status 1"),
    "prepare-build": ("mkosi.prepare", 'test "$1" != build', "mkosi.prepare failed with status 1"),
    "build-script": ("mkosi.build", "no-such-compiler", "mkosi.build failed with status 127"),
    "build-packages": (
        "mkosi.conf",
        None,
        "`apt-get --quiet --yes",
    ),
}


@pytest.mark.parametrize("step", FAILURES)
def test_a_failure_says_where_and_what(project: Project, step: str) -> None:
    file, line, message = FAILURES[step]
    text = f"#!/bin/sh -e\n{line}\n" if line else "[Content]\nBuildPackages=broken\n"
    project.write({file: text})
    ended = project.command.run("x", base=str(project.base))
    assert ended.returncode == 1
    assert f"base/{step}.binary failed with status 1" in ended.stderr
    number = SERIES.splitlines().index(f"base/{step}.binary") + 1
    assert f"hooks.d/base/series/x:{number}:1" in ended.stderr
    assert f"| {step}.binary: {message}" in ended.stderr
    assert not (project.command.output / "livecd.test.x").exists()


def test_a_file_of_the_project_is_called_as_its_user_calls_it(project: Project) -> None:
    """Not as the sandbox does."""
    project.write({"mkosi.build": "#!/bin/no-such-shell\n"})
    ended = project.command.run("x", base=str(project.base))
    (place,) = (line for line in ended.stderr.splitlines() if "  at: " in line and "mkosi" in line)
    assert place.endswith("/mkosi.build:1")
    assert "/livecd/files" not in ended.stderr
