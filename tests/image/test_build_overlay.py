"""The build overlay, step after step in one build directory, as live-build runs hooks."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from livecd_rootfs import values
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.image import (
    build_overlay,
    build_packages,
    build_script,
    install_build_dest,
    prepare,
)
from livecd_rootfs.image.build_script import invoker
from livecd_rootfs.process import CommandError
from livecd_rootfs.sandbox import User
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext
from tests.steps.builds import plant, tree

pytestmark = pytest.mark.root

# Stands in for apt-get: it installs a compiler, and takes a file of the image away.
APT = """\
#!/bin/sh -e
echo "apt-get $*"
test -x /usr/sbin/policy-rc.d
test "$INITRD" = No
if [ -n "$APT_CONFIG" ]; then cat "$APT_CONFIG" /run/livecd-apt/sources.list; fi
case " $* " in
*" broken "*) exit 100 ;;
*" install "*) echo compiler > /usr/bin/gcc; rm -rf /etc/removed; mkdir -p /var/cache/apt ;;
esac
"""
ROOT = {
    "usr/bin/apt-get": APT,
    "etc/removed": "the image's\n",
    "etc/os-release": "ID=debian\n",
    "etc/apt/sources.list.d/debian.sources": "Types: deb\nComponents: main contrib\n",
    "usr/share/keyrings/debian-archive-keyring.gpg": "key\n",
    "usr/lib/real": "library\n",
}
BUILD = """\
#!/bin/sh -e
test -e /usr/bin/gcc
test ! -e /etc/removed
test "$PWD" = "$SRCDIR"
mkdir -p "$DESTDIR/usr/bin" "$DESTDIR/lib"
cat main.c > "$DESTDIR/usr/bin/program"
ln -s program "$DESTDIR/usr/bin/alias"
echo more > "$DESTDIR/lib/more"
echo scratch > /usr/bin/scratch
echo object > main.o
"""
Make = Callable[..., "Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A project and a build directory for it."""

    project: Path
    context: Context

    @property
    def root(self) -> Path:
        return self.context.chroot


@pytest.fixture
def make(new_context: NewContext, tmp_path: Path) -> Make:
    """Makes a build directory, and a project of a source file and of scripts."""

    def made(build: str = BUILD, prepare: str = "", **variables: str) -> Work:
        project = tmp_path / "project"
        plant(project, {"src/main.c": "int main;\n", "mkosi.build": build})
        given = {
            "BUILD_PACKAGES": "gcc libc6-dev",
            "BUILD_SCRIPT": str(project / "mkosi.build"),
            "BUILD_SOURCES": str(project / "src"),
        }
        if prepare:
            plant(project, {"mkosi.prepare": prepare})
            given["PREPARE_SCRIPT"] = str(project / "mkosi.prepare")
        context = new_context(**{**given, **variables})
        plant(context.chroot, ROOT)
        return Work(project=project, context=context)

    return made


def run_all(work: Work) -> tuple[str, ...]:
    steps = (
        build_packages.run,
        prepare.run_for_build,
        build_script.run,
        install_build_dest.run,
    )
    return tuple(step(work.context) for step in steps)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_only_what_is_installed_reaches_the_image(make: Make) -> None:
    work = make()
    before, sources = tree(work.root), tree(work.project)
    assert run_all(work) == (
        "build-packages: gcc libc6-dev; 0 packages that the image does not get",
        "prepare-build: nothing to do, there is no PrepareScript",
        "build-script: mkosi.build: 3 files for the image",
        "install-build-dest: 3 files of the build script into the image",
    )
    after = tree(work.root)
    new = {"usr/bin/program", "usr/bin/alias", "usr/lib/more"}
    assert {name for name in after if name not in before} == new
    assert files(work.root) >= {"etc/removed", *new}
    assert (work.root / "usr/bin/program").read_text() == "int main;\n"
    assert (work.root / "lib").is_symlink()
    assert tree(work.project) == sources
    assert list(work.context.build.iterdir()) == [work.root]


def test_what_is_removed_in_the_overlay_stays_removed_there(make: Make) -> None:
    """Its whiteouts live on from step to step, however often it is mounted."""
    again = "#!/bin/sh -e\ntest ! -e /etc/removed; rm /usr/lib/real; echo $1 >> /etc/prepared\n"
    build = "#!/bin/sh -e\ntest ! -e /etc/removed; test ! -e /usr/lib/real; cat /etc/prepared\n"
    work = make(build, again)
    for step in (build_packages.run, prepare.run_for_build, build_script.run):
        step(work.context)
        assert (work.root / "etc/removed").read_text() == "the image's\n"
    upper = work.context.build / build_overlay.KEPT / build_overlay.ROOT / "upper"
    for name in ("etc/removed", "usr/lib/real"):
        status = (upper / name).lstat()
        assert stat.S_ISCHR(status.st_mode)
        assert status.st_rdev == 0
    assert (work.root / "usr/lib/real").exists()
    assert not (work.root / "etc/prepared").exists()


def test_the_scripts_are_called_with_what_they_prepare_for(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    script = '#!/bin/sh\necho "$1 $SRCDIR $PWD" $(ls)\necho $1 >> /etc/prepared\n'
    work = make("#!/bin/sh\ncat /etc/prepared\n", script)
    assert prepare.run(work.context) == "prepare: mkosi.prepare final has run in the root"
    run_all(work)
    assert (work.root / "etc/prepared").read_text() == "final\n"
    out = capfd.readouterr().out
    assert "final /work/src /work/src\n" in out
    assert "build /work/src /work/src\n" in out
    assert out.endswith("final\nbuild\n")


def test_prepare_sees_the_sources_if_its_text_names_them(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    work = make("", "#!/bin/sh\ncat $SRCDIR/main.c\ntouch $SRCDIR/x\n")
    prepare.run(changed(work, PREPARE_SOURCES=str(work.project / "src")))
    assert capfd.readouterr().out == "int main;\n"
    assert files(work.project / "src") == {"main.c"}


def changed(work: Work, **variables: str) -> Context:
    return values.replaced(work.context, variables={**work.context.variables, **variables})


def test_a_prepare_script_that_lacks_its_sources_is_told_why(make: Make) -> None:
    work = make("", "#!/bin/sh\ncat main.c\n")
    with pytest.raises(LivecdError, match=r"mkosi\.prepare failed with status 1") as failure:
        prepare.run(work.context)
    assert failure.value.notes[-1] == prepare.BLIND


def test_without_a_build_script_nothing_is_prepared_for_it(make: Make) -> None:
    work = make("", "#!/bin/sh\nexit 1\n", HAS_BUILD_SCRIPT="no")
    assert "no BuildScript" in prepare.run_for_build(work.context)


NOTHING = {
    "packages": (build_packages.run, "build-packages: nothing to do, there are no BuildPackages"),
    "prepare": (prepare.run, "prepare: nothing to do, there is no PrepareScript"),
    "prepare for building": (
        prepare.run_for_build,
        "prepare-build: nothing to do, there is no PrepareScript",
    ),
    "build": (build_script.run, "build-script: nothing to do, there is no BuildScript"),
    "install": (
        install_build_dest.run,
        "install-build-dest: nothing to do, no build script made anything",
    ),
}


@pytest.mark.parametrize(("step", "says"), NOTHING.values(), ids=NOTHING)
def test_a_step_with_nothing_configured_says_so(
    new_context: NewContext, step: Callable[[Context], str], says: str
) -> None:
    context = new_context()
    before = tree(context.build)
    assert step(context) == says
    assert tree(context.build) == before


def test_a_build_script_alone_begins_the_overlay(make: Make) -> None:
    work = make("#!/bin/sh -e\nrm /etc/removed; touch /new $DESTDIR/made\n", BUILD_DIRECTORY="")
    assert build_script.run(work.context) == "build-script: mkosi.build: 1 file for the image"
    assert (
        install_build_dest.run(work.context)
        == "install-build-dest: 1 file of the build script into the image"
    )
    assert files(work.root) >= {"etc/removed", "made"}
    assert not (work.root / "new").exists()


def test_apt_takes_packages_from_the_builds_mirror(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    work = make(MIRROR="http://mirror.example/debian", SUITE="trixie")
    build_packages.run(work.context)
    out = capfd.readouterr().out
    assert (
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        "http://mirror.example/debian trixie main contrib\n"
    ) in out
    assert 'Dir::Etc::SourceParts "/dev/null";' in out
    assert "install -- gcc libc6-dev" in out


def test_a_policy_that_forbids_services_is_gone_when_apt_fails(make: Make) -> None:
    """It is executable while apt runs, or the stand-in for apt would fail at once."""
    work = make(BUILD_PACKAGES="broken")
    with pytest.raises(CommandError, match="status 100"):
        build_packages.run(work.context)
    left = [str(path) for path in work.context.build.rglob("policy-rc.d")]
    assert left == []


SWITCHES = """\
#!/bin/sh
id -u; id -g; echo $WITH_DOCS $WITH_TESTS $WITH_NETWORK "${BUILDDIR-none}" $HOME $GREETING
"""


def test_what_the_build_script_is_told(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    work = make(SWITCHES, WITH_DOCS="yes", WITH_TESTS="no", ENVIRONMENT="GREETING=hello\n")
    build_script.run(work.context)
    assert capfd.readouterr().out.split() == ["0", "0", "1", "0", "0", "none", "/root", "hello"]


def test_the_build_script_runs_as_who_called_us(make: Make, tmp_path: Path) -> None:
    """What it makes belongs to root, with the mode that it was given; its own directory to it."""
    script = (
        "#!/bin/sh -e\n"
        "touch $DESTDIR/tool $BUILDDIR/object; ln -s tool $DESTDIR/link; chmod 4755 $DESTDIR/tool\n"
        'test "$(id -u):$(id -g)" = 1234:2345; test ! -w /etc; touch $HOME/x\n'
    )
    kept = tmp_path / "builddir"
    kept.mkdir()
    work = make(script, SUDO_UID="1234", SUDO_GID="2345", BUILD_DIRECTORY=str(kept))
    os.chown(work.project / "src", 1234, 2345)
    build_script.run(work.context)
    assert (kept / "object").stat().st_uid == 1234
    install_build_dest.run(work.context)
    tool = (work.root / "tool").stat()
    assert (tool.st_uid, tool.st_gid, stat.S_IMODE(tool.st_mode)) == (0, 0, 0o4755)
    assert (work.root / "link").lstat().st_uid == 0


def test_who_runs_the_build_script_has_a_name_that_the_root_does_not_learn(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    work = make("#!/bin/sh -e\ncat /etc/passwd /etc/group\n", SUDO_UID="1234", SUDO_GID="2345")
    plant(work.root, {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"})
    before = files(work.root)
    run_all(work)
    assert "\nbuilder:x:1234:2345::/tmp:/bin/sh\nbuilder:x:2345:\n" in capfd.readouterr().out
    assert files(work.root) == before
    assert (work.root / "etc/passwd").read_text() == "root:x:0:0:root:/root:/bin/sh\n"


def test_the_build_directory_lives_on_and_the_sources_do_not_change(
    make: Make, tmp_path: Path
) -> None:
    script = (
        "#!/bin/sh -e\n"
        "echo built >> $BUILDDIR/log; test ! -e left; touch left; cat $BUILDDIR/log > $DESTDIR/log\n"
    )
    (tmp_path / "builddir").mkdir()
    work = make(script, BUILD_DIRECTORY=str(tmp_path / "builddir"))
    for count in (1, 2):
        run_all(work)
        assert (work.root / "log").read_text() == "built\n" * count


@pytest.mark.parametrize("network", ["yes", "no"])
def test_the_network_is_there_only_if_asked_for(make: Make, network: str) -> None:
    script = "#!/bin/sh -e\ncat /proc/net/dev > $DESTDIR/dev; env > $DESTDIR/env\n"
    work = make(script, WITH_NETWORK=network, http_proxy="http://proxy.example:1")
    build_script.run(work.context)
    dest = work.context.build / build_overlay.DEST
    assert ("http_proxy" in (dest / "env").read_text()) is (network == "yes")
    assert (len((dest / "dev").read_text().splitlines()) > 3) is (network == "yes")


def test_sources_may_be_read_only(make: Make) -> None:
    script = "#!/bin/sh -e\nif touch new 2>/dev/null; then exit 1; fi; cat main.c lib/x.c\n"
    work = make(script, BUILD_SOURCES_READ_ONLY="yes")
    plant(work.project, {"src/lib/README": "", "lib/x.c": "int x;\n"})
    both = f"{work.project / 'src'}\n{work.project / 'lib'}:lib\n"
    build_script.run(changed(work, BUILD_SOURCES=both))


def test_sources_have_their_targets(make: Make) -> None:
    script = "#!/bin/sh -e\ncat lib/x.c more/main.c one.c; touch lib/new more/new\n"
    work = make(script)
    plant(work.project, {"lib/x.c": "int x;\n"})
    lines = (
        f"{work.project / 'lib'}:lib",
        f"{work.project / 'src'}:/more",
        f"{work.project / 'lib/x.c'}:one.c",
    )
    build_script.run(changed(work, BUILD_SOURCES="\n".join(lines)))
    assert files(work.project) == {"src/main.c", "lib/x.c", "mkosi.build"}


def test_a_failing_build_script_leaves_nothing_mounted(make: Make) -> None:
    work = make("#!/bin/sh\nexit 7\n")
    build_packages.run(work.context)
    with pytest.raises(LivecdError, match=r"mkosi\.build failed with status 7") as failure:
        build_script.run(work.context)
    assert f"its root: {work.context.build / build_overlay.ROOT}" in failure.value.notes
    assert any(note.startswith("DESTDIR (/work/dest): ") for note in failure.value.notes)
    assert str(work.context.build) not in Path("/proc/self/mountinfo").read_text()


ALL_IDS = "         0          0 4294967295\n"
INVOKERS = {
    "sudo": ({"SUDO_UID": "1000", "SUDO_GID": "1001"}, ALL_IDS, User(uid=1000, gid=1001)),
    "root": ({}, ALL_IDS, None),
    "sudo by root": ({"SUDO_UID": "0", "SUDO_GID": "0"}, ALL_IDS, None),
    "nonsense": ({"SUDO_UID": "me", "SUDO_GID": "1000"}, ALL_IDS, None),
    "a user namespace": (
        {"SUDO_UID": "1000", "SUDO_GID": "1000"},
        "0 1000 1\n1 100000 65536",
        None,
    ),
}


@pytest.mark.parametrize(("variables", "uid_map", "user"), INVOKERS.values(), ids=INVOKERS)
def test_who_called(variables: dict[str, str], uid_map: str, user: User | None) -> None:
    assert invoker(variables, uid_map) == user
