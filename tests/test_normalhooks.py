"""The hooks directory for Debian's live-build: its wrappers run, and it changes whole or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from livecd_rootfs import hooksdir, makehooks, normalhooks
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.resolve import resolve
from tests import trees

TELL = '#!/bin/sh\nprintf "%s|%s|%s\\n" "$(pwd)" "$0" "${SUITE-}"\n'


def plan(build: Path, hooks: list[str]) -> hooksdir.HooksPlan:
    resolution = resolve(["one"], trees.PaperTree({"one": "\n".join(hooks)}), prefix="livecd.p")
    return hooksdir.plan(
        resolution, tree=str(build / "config/hooks.d"), directory=str(build / "config/hooks")
    )


def names(build: Path) -> list[str]:
    return trees.names(build / "config/hooks/normal")


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build directory whose name the shell would take apart if it could."""
    build = tmp_path / "a build"
    trees.plant(build / "config/hooks.d", {"base/it's.binary": TELL})
    (build / "binary").mkdir()
    return build


def run(build: Path, name: str) -> list[str]:
    """A hook as live-build runs it."""
    ended = subprocess.run(
        [f"../config/hooks/normal/{name}"],
        cwd=build / "binary",
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.rstrip("\n").split("|")


def test_a_binary_hook_runs_in_the_build_directory_with_its_settings(build: Path) -> None:
    normalhooks.apply(plan(build, ["base/it's.binary"]), flat=False)
    (build / "config/settings").write_text("SUITE='two words'\n")
    assert run(build, "9101-it's.hook.binary") == [
        str(build),
        "./config/hooks.d/base/it's.binary",
        "two words",
    ]


def test_without_settings_a_binary_hook_runs_all_the_same(build: Path) -> None:
    normalhooks.apply(plan(build, ["base/it's.binary"]), flat=False)
    assert run(build, "9101-it's.hook.binary")[2] == ""


def test_numbers_are_behind_debian_s_and_sort_as_they_run(build: Path) -> None:
    for count, first, last in ((99, "9101-0", "9199-98"), (100, "91001-0", "91100-99")):
        made = normalhooks.wrappers(plan(build, [f"{n}x.binary" for n in range(count)]))
        found = [one.name for one in made]
        assert found == sorted(found)
        assert found[0] == f"{first}x.hook.binary"
        assert found[-1] == f"{last}x.hook.binary"
        assert found[0] > "9020-remove-man-cache.hook.chroot"


def test_what_an_earlier_run_made_is_replaced_and_debian_s_hooks_stay(build: Path) -> None:
    normalhooks.apply(plan(build, ["a.binary", "b.chroot", "c.chroot_early"]), flat=True)
    (build / "config/hooks/normal/1000-theirs.hook.chroot").symlink_to("/usr/share/x")
    (build / "config/hooks/normal/9150-theirs.hook.binary").write_text("#!/bin/sh\n")
    assert normalhooks.apply(plan(build, ["b.chroot", "d.chroot_early"]), flat=False)
    assert names(build) == [
        "1000-theirs.hook.chroot",
        "9101-b.hook.chroot",
        "9102-d.hook.chroot_early",
        "9150-theirs.hook.binary",
    ]
    assert trees.names(build / "config/hooks") == ["explicit_provides", "live", "normal"]


@pytest.mark.parametrize("place", ["normal/9102-b.hook.chroot", "live/9100-gate.hook.chroot"])
def test_a_foreign_file_is_refused_and_all_is_as_before(build: Path, place: str) -> None:
    hooks = build / "config/hooks"
    normalhooks.apply(plan(build, ["a.binary"]), flat=False)
    before = (hooks / "normal/9101-a.hook.binary").read_text()
    (hooks / place).unlink(missing_ok=True)
    (hooks / place).write_text("mine\n")
    with pytest.raises(LivecdError, match=Path(place).name):
        normalhooks.apply(plan(build, ["x/a.binary", "b.chroot"]), flat=False)
    assert (hooks / place).read_text() == "mine\n"
    wrapper = hooks / "normal/9101-a.hook.binary"
    assert wrapper.read_text() == before
    assert wrapper.stat().st_mode & 0o111


def test_a_refused_first_run_leaves_nothing(build: Path) -> None:
    (build / "config/hooks").mkdir()
    (build / "config/hooks/001-a.binary").write_text("mine\n")
    with pytest.raises(LivecdError, match="001-a"):
        normalhooks.apply(plan(build, ["a.binary"]), flat=True)
    assert trees.names(build / "config/hooks") == ["001-a.binary"]


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        ("base/tool", "would never run"),
        ("base/tool.py", "would never run"),
        ("../../outside.chroot", "can't be reached from inside"),
    ],
)
def test_what_would_never_run_is_refused(build: Path, hook: str, message: str) -> None:
    with pytest.raises(LivecdError, match=message):
        normalhooks.apply(plan(build, [hook]), flat=False)
    assert not (build / "config/hooks").exists()


def test_make_hooks_says_that_the_directory_is_not_empty(build: Path) -> None:
    trees.plant(build / "config/hooks.d", {"base/series/one": "base/it's.binary\n"})
    argv = ["--layout", "normal", "-d", str(build / "config/hooks"), "one"]
    runs = [makehooks.run(argv, tree=str(build / "config/hooks.d"), environ={}) for _ in range(2)]
    assert [outcome.err for outcome in runs] == ["", makehooks.NOT_EMPTY]
