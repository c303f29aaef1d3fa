"""``auto/config``, ``auto/build`` and ``auto/clean``, as live-build calls them."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livecd_rootfs.errors import EXIT_INTERRUPTED
from livecd_rootfs.livebuild import written
from tests import checkout, trees
from tests.livebuild.conftest import DEBIAN, UBUNTU, Place

HOSTILE = "a'b\"c$(touch owned)`touch owned`\\ \n;touch owned #é"


def sourced(place: Place, file: str, name: str) -> str:
    """What a hook that sources a file sees."""
    ended = subprocess.run(
        ["sh", "-eu", "-c", f'. {file}; printf %s "${name}"'],
        cwd=place.path,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout


def test_config_prepares_all_that_hooks_find(place: Place) -> None:
    ended = place.run("config", "--quiet", NOW="20260101.1", IMAGE_TARGETS="one;")
    assert (ended.returncode, ended.stderr) == (0, "")
    config = place.path / "config"
    assert trees.names(config / "hooks/normal") == ["9101-one.hook.binary"]
    assert (config / "hooks/explicit_provides").read_text() == "livecd.p.one\n"
    assert (config / "hooks.d/base/one.binary").is_file()
    assert (config / "livecd_rootfs").resolve() == checkout.ROOT / "livecd_rootfs"
    assert "linux-image-cloud-amd64\n" in next((config / "package-lists").iterdir()).read_text()
    for file in ("config/settings", "config/binary", "config/chroot"):
        assert sourced(place, file, "BUILDSTAMP") == "20260101.1"
        assert sourced(place, file, "IMAGE_TARGETS") == "one"
    assert sourced(place, "config/binary", "LB_MODE") == "x"
    call = next(line for line in place.calls() if line.startswith("config noauto"))
    assert call.endswith(" --quiet")
    assert "--distribution=bookworm" in call


def test_files_of_the_build_directory_are_no_modules(place: Place) -> None:
    for name in ("json.py", "shutil.py", "config.py"):
        (place.path / name).write_text("raise SystemExit('imported from the build directory')\n")
    place.plant({"base/one.binary": "#!/bin/sh\nenv | grep ^PYTHON >livecd.p.one\n"})
    assert place.run("config").stderr == ""
    assert place.run("build").returncode == 0
    told = (place.path / "livecd.p.one").read_text().splitlines()
    assert sorted(told) == ["PYTHONDONTWRITEBYTECODE=1", f"PYTHONPATH={place.path}/config"]


def test_config_for_ubuntu_s_live_build_links_hooks(place: Place) -> None:
    place.plant({"chroot/010-a.chroot": "", "chroot/020-b.chroot_early": ""})
    assert place.run("config", LB_VERSION=UBUNTU, SUITE="noble").returncode == 0
    assert trees.names(place.path / "config/hooks") == [
        "001-b.chroot_early",
        "002-a.chroot",
        "003-one.binary",
        "explicit_provides",
    ]
    assert "--bootloader=none" in place.calls()[-1]


def test_hooks_have_the_order_of_our_own_build(place: Place) -> None:
    """What closes a root waits for chroot hooks of series, which may install something."""
    place.plant(
        {
            "base/series/one": "base/one.binary\nbase/more.chroot\nprovides ${PREFIX}.one\n",
            "base/more.chroot": "",
            "chroot/010-first.chroot": "",
            "chroot/900-initramfs.chroot": "",
        }
    )
    assert place.run("config").returncode == 0
    assert [name.partition("-")[2] for name in trees.names(place.path / "config/hooks/normal")] == [
        "first.hook.chroot",
        "more.hook.chroot",
        "initramfs.hook.chroot",
        "one.hook.binary",
    ]


@pytest.mark.parametrize("name", ["NOW", "SUBPROJECT", "PROPOSED", "CHANNEL", "COHORT_KEY"])
def test_hostile_values_reach_hooks_as_they_are(place: Place, name: str) -> None:
    assert place.run("config", **{name: HOSTILE}).returncode == 0
    read = "BUILDSTAMP" if name == "NOW" else name
    for file in ("config/settings", "config/binary", "config/chroot"):
        assert sourced(place, file, read) == HOSTILE
    assert written.read(place.path / written.SETTINGS)[read] == HOSTILE
    assert not list(place.path.glob("owned"))


def test_imageformat_none_removes_the_binary_hooks(place: Place) -> None:
    place.plant({"chroot/010-a.chroot": ""})
    assert place.run("config", IMAGEFORMAT="none").returncode == 0
    assert trees.names(place.path / "config/hooks/normal") == ["9101-a.hook.chroot"]
    assert (place.path / "config/hooks/explicit_provides").read_text() == ""


@pytest.mark.parametrize(
    ("environ", "status", "line"),
    [
        ({"PROJECT": ""}, 2, "auto/config: PROJECT is not set"),
        (
            {"IMAGE_TARGETS": "one,onee"},
            2,
            "auto/config: Series file for image set 'onee' not found.",
        ),
        (
            {"ARCH": "amd64", "SUBARCH": "pi"},
            2,
            "auto/config: there is no ARCH:SUBARCH 'amd64:pi' that this program knows",
        ),
        (
            {"LB_VERSION": "4.0.3-1"},
            1,
            "auto/config: live-build says it is '4.0.3-1', which is none that this program knows",
        ),
        ({"EXTRA_PPAS": "x"}, 2, "auto/config: EXTRA_PPAS has 'x', which is no personal archive"),
        (
            {"EXTRA_PPAS": "a/b", "SUITE": "noble", "https_proxy": "http://127.0.0.1:9"},
            1,
            "auto/config: the key of a personal archive can't be had",
        ),
        ({"LB_FAIL": "config"}, 1, "auto/config: `lb config` failed with status 3"),
    ],
)
def test_config_refuses(place: Place, environ: dict[str, str], status: int, line: str) -> None:
    (place.path / "config").mkdir()
    (place.path / "config/earlier").touch()
    ended = place.run("config", **environ)
    assert ended.returncode == status
    assert ended.stderr.splitlines()[0] == line
    assert "Traceback" not in ended.stderr
    if "LB_FAIL" not in environ:
        assert trees.names(place.path / "config") == ["earlier"]


def test_links_to_files_of_the_tree_are_followed_and_others_kept(place: Place) -> None:
    tree = place.path / "hooks.d"
    (tree / "base/again.binary").symlink_to("one.binary")
    (tree / "base/folder").symlink_to("series")
    (tree / "base/foreign").symlink_to("/etc/hostname")
    (tree / "base/nothing").symlink_to("nowhere")
    assert place.run("config").returncode == 0
    copy = place.path / "config/hooks.d/base"
    assert not (copy / "again.binary").is_symlink()
    assert (copy / "again.binary").read_text() == (tree / "base/one.binary").read_text()
    assert (copy / "folder").readlink() == Path("series")
    assert (copy / "foreign").readlink() == Path("/etc/hostname")
    assert (copy / "nothing").readlink() == Path("nowhere")


def test_a_hook_that_can_t_be_run_can_in_the_copy_alone(place: Place) -> None:
    hook = place.path / "hooks.d/base/one.binary"
    hook.chmod(0o644)
    assert place.run("config").returncode == 0
    assert hook.stat().st_mode & 0o111 == 0
    assert (place.path / "config/hooks.d/base/one.binary").stat().st_mode & 0o111


def test_build_runs_the_stages_and_prunes_last(place: Place) -> None:
    (place.path / "livecd.p.other").touch()
    assert place.run("config").returncode == 0
    # Launchpad's builders tell `lb build` little of what they told `lb config`.
    ended = place.run("build", "--debug", SUITE="", IMAGE_TARGETS="")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert place.calls()[-5:] == [
        f"{stage} --debug" for stage in ("bootstrap", "chroot", "installer", "binary", "source")
    ]
    assert (place.path / "livecd.p.one").read_text() == "bookworm\n"
    assert not (place.path / "livecd.p.other").exists()
    assert "auto/build: [REMOVE] livecd.p.other (0 bytes)" in ended.stdout


def test_a_promised_artifact_that_was_not_made_fails_the_build(place: Place) -> None:
    place.plant({"base/one.binary": "#!/bin/sh\n"})
    place.run("config")
    ended = place.run("build")
    assert ended.returncode == 1
    assert "the targets provide 'livecd.p.one', which was not made" in ended.stderr


@pytest.mark.parametrize("failed", ["", "config"])
def test_build_without_config_says_what_to_run(place: Place, failed: str) -> None:
    if failed:
        assert place.run("config", LB_FAIL=failed).returncode == 1
    before = place.calls()
    ended = place.run("build")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == "auto/build: there is nothing to build here"
    assert "lb config" in ended.stderr
    assert place.calls() == before


@pytest.mark.parametrize("stage", ["bootstrap", "chroot", "binary"])
def test_a_failed_stage_ends_the_build(place: Place, stage: str) -> None:
    place.run("config")
    ended = place.run("build", LB_FAIL=stage)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == f"auto/build: `lb {stage}` failed with status 3"
    assert place.calls()[-1] == stage


@pytest.mark.parametrize("failed", ["", "chroot"])
def test_a_root_is_not_taken_for_that_of_another_build(place: Place, failed: str) -> None:
    """live-build leaves out what it has done, also for another suite."""
    place.plant({"base/series/two": "base/one.binary\n"})
    place.run("config", NOW="1")
    place.run("build", LB_FAIL=failed)
    before = (place.path / "config/settings").read_text()
    ended = place.run("config", SUITE="trixie", IMAGE_TARGETS="one,two")
    assert ended.returncode == 1
    assert "SUITE was 'bookworm', and is 'trixie'" in ended.stderr
    assert "IMAGE_TARGETS was 'one', and is 'one two'" in ended.stderr
    assert "lb clean" in ended.stderr
    assert (place.path / "config/settings").read_text() == before
    assert place.run("config", NOW="2").returncode == 0
    assert place.run("build").returncode == 0
    (place.path / ".build/livecd_settings").unlink()  # as `lb clean` does
    assert place.run("config", SUITE="trixie").returncode == 0


def test_hooks_in_the_root_have_name_servers_which_no_image_gets(place: Place) -> None:
    assert place.run("config").returncode == 0
    assert place.run("build").returncode == 0
    while_hooks_run = (place.path / ".build/seen").read_text().splitlines()
    assert ("chroot/run/systemd/resolve/stub-resolv.conf" in while_hooks_run) == Path(
        "/etc/resolv.conf"
    ).is_file()
    assert trees.names(place.path / "chroot/run") == []


def test_a_root_whose_run_leads_elsewhere_is_not_followed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").touch()
    (place.path / "chroot").mkdir()
    (place.path / "chroot/run").symlink_to(tmp_path / "precious")
    assert place.run("config").returncode == 0
    assert place.run("build").returncode == 0
    assert trees.names(tmp_path / "precious") == ["file"]


def test_a_minimized_root_is_told_what_to_leave_out_before_its_packages(place: Place) -> None:
    documents = place.path / "chroot/usr/share/doc/base"
    documents.mkdir(parents=True)
    (place.path / "chroot/etc/dpkg/dpkg.cfg.d").mkdir(parents=True)
    for name in ("README", "copyright"):
        (documents / name).touch()
    assert place.run("config", SUBPROJECT="minimized").returncode == 0
    assert place.run("build").returncode == 0
    while_installed = (place.path / ".build/seen").read_text().splitlines()
    assert "chroot/etc/dpkg/dpkg.cfg.d/01-no-documents" in while_installed
    assert trees.names(documents) == ["copyright"]


@pytest.mark.parametrize("folder", ["hooks", "hooks/normal", "hooks/live"])
def test_a_link_to_nothing_is_found_before_live_build_skips_it(place: Place, folder: str) -> None:
    place.run("config")
    (place.path / "config" / folder / "9150-x.hook.chroot").symlink_to("../nowhere")
    before = place.calls()
    ended = place.run("build")
    assert ended.returncode == 1
    assert "9150-x.hook.chroot is a link to nothing" in ended.stderr
    assert place.calls() == before


def test_clean_removes_what_a_build_made(place: Place) -> None:
    (place.path / "mine").touch()
    (place.path / "livecd.q.one").touch()
    place.run("config")
    place.run("build")
    for name in ("rootfs.dir/etc", "mountpoint"):
        (place.path / name).mkdir(parents=True)
    assert place.run("clean").returncode == 0
    left = {"auto", "binary", "chroot", "config", ".build", "hooks.d", "lb.log", "mine"}
    assert set(trees.names(place.path)) == left | {"livecd.q.one"}
    assert place.run("clean", "--purge").returncode == 0
    assert set(trees.names(place.path)) == left - {"config"} | {"livecd.q.one"}
    assert place.calls()[-1] == "clean noauto --purge"


@pytest.mark.parametrize("part", ["--chroot", "--cache", "--stage", "--source"])
def test_clean_of_a_part_leaves_the_artifacts(place: Place, part: str) -> None:
    place.run("config")
    place.run("build")
    assert place.run("clean", part).returncode == 0
    assert (place.path / "livecd.p.one").exists()


def test_clean_in_a_new_directory_needs_nothing(place: Place) -> None:
    """Launchpad's builders begin with it."""
    ended = place.run("clean", "--purge", PROJECT="")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.root
def test_clean_goes_through_no_mount(place: Place, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").touch()
    point = place.path / "chroot/mnt"
    point.mkdir(parents=True)
    subprocess.run(["mount", "--bind", tmp_path / "precious", point], check=True)
    assert place.run("clean").returncode == 0
    assert (tmp_path / "precious/file").exists()
    assert not point.is_mount()


@pytest.mark.root
def test_what_a_failed_stage_left_mounted_is_unmounted(place: Place) -> None:
    place.plant({"base/one.binary": "#!/bin/sh\nmount -t tmpfs none chroot/root\nexit 5\n"})
    place.run("config")
    ended = place.run("build")
    assert ended.returncode == 1
    assert not (place.path / "chroot/root").is_mount()
    assert f"{place.path}/chroot/root was left mounted; it is not any more" in ended.stdout


@pytest.mark.root
def test_a_failed_early_hook_ends_the_build_before_the_chroot_stage(place: Place) -> None:
    place.plant({"chroot/010-early.chroot_early": "#!/bin/sh\nexit 7\n"})
    place.run("config")
    ended = place.run("build")
    assert ended.returncode == 1
    assert place.calls()[-1] == "bootstrap"
    assert "9101-early.hook.chroot_early" in ended.stderr


def test_all_of_it_needs_python_alone(place: Place) -> None:
    """A builder has no typer, no rich, no jinja2."""
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'x'\n"
        "import livecd_rootfs.livebuild.edge\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    words = [sys.executable, "-I", "-S", "-c", code, str(checkout.ROOT)]
    printed = subprocess.run(
        words, cwd=place.path, capture_output=True, text=True, check=True
    ).stdout
    loaded = set(ast.literal_eval(printed)) - set(sys.stdlib_module_names)
    assert loaded == {"livecd_rootfs", "__main__"}


def test_a_build_that_is_ended_ends_live_build_first(place: Place) -> None:
    """Its own clean-up must run: what it has mounted would stay."""
    lb = Path(place.path_variable.partition(":")[0]) / "lb"
    lb.write_text(
        "#!/bin/sh\n[ $1 != bootstrap ] || { trap 'kill $!; echo cleaned >ended; exit 143' TERM\n"
        "sleep 60 & touch started; wait; }\n" + lb.read_text().partition("\n")[2]
    )
    assert place.run("config").returncode == 0
    running = subprocess.Popen(
        ["auto/build"],
        cwd=place.path,
        env={"PATH": place.path_variable, "LB_VERSION": DEBIAN},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (place.path / "started").exists():
        assert running.poll() is None
        time.sleep(0.05)
    running.terminate()
    _, told = running.communicate(timeout=30)
    assert running.returncode == EXIT_INTERRUPTED
    assert told.startswith("auto/build: interrupted (SIGTERM)")
    assert (place.path / "ended").read_text() == "cleaned\n"
