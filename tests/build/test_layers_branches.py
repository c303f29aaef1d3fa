"""Branches of a run: one that fails, two that want one name, and overlays that steps hand on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

FILES = {
    "base/series/good": "base/common.binary\nbase/good.binary\nprovides ${PREFIX}.good\n",
    "base/series/bad": "base/common.binary\nbase/bad.binary\nprovides ${PREFIX}.bad\n",
    "base/common.binary": "#!/bin/sh\ntouch common\n",
    "base/good.binary": "#!/bin/sh\nsleep 0.5\nmv common livecd.test.good\n",
    "base/bad.binary": "#!/bin/sh\necho last words\nexit 3\n",
}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_branch_that_fails_ends_no_other(tree: Tree, command: Command, jobs: str) -> None:
    tree(FILES)
    ended = command.run("bad", "good", "--jobs", jobs, "--progress", "json")
    assert ended.returncode == 1
    assert ended.stderr.startswith("livecd-rootfs: base/bad.binary failed with status 3\n")
    assert "| last words\n" in ended.stderr
    assert command.made() == ["SHA256SUMS", "livecd.test.good"]
    said = layered.parsed(ended.stdout)
    assert [event["targets"] for event in said if event["event"] == "build-ended"] == [["good"]]
    assert (said[-1]["event"], said[-1]["failed"]) == ("run-ended", 1)


def test_the_next_run_goes_on_after_the_last_good_layer(tree: Tree, command: Command) -> None:
    tree(FILES)
    command.run("bad", "good")
    tree({"base/bad.binary": "#!/bin/sh\n# hook: inputs=\nmv common livecd.test.bad\n"})
    said = layered.events(command, "bad", "good")
    assert layered.ran(said) == {"base/bad.binary": ["it never ran before"]}
    assert command.made() == ["SHA256SUMS", "livecd.test.bad", "livecd.test.good"]


def test_two_branches_that_fail_are_both_told(tree: Tree, command: Command) -> None:
    tree({**FILES, "base/good.binary": "#!/bin/sh\nexit 4\n"})
    ended = command.run("bad", "good")
    assert ended.returncode == 1
    assert "base/bad.binary failed with status 3\n" in ended.stderr
    assert "base/good.binary failed with status 4\n" in ended.stderr
    assert command.made() == []


def test_two_builds_of_one_artifact_are_refused_before_anything_runs(
    tree: Tree, command: Command
) -> None:
    folder = tree({**FILES, "base/series/bad": "# comment\nprovides ${PREFIX}.good\n"})
    ended = command.run("good", "bad")
    assert ended.returncode == 2
    assert ended.stderr == (
        "livecd-rootfs: two builds provide 'livecd.test.good': good and bad\n"
        f"  at:   {folder}/base/series/bad:2:10\n"
        f"  why:  {folder}/base/series/good:3:10 provides it, too, and one would overwrite the"
        " other's\n"
        "  help: build them in one: good,bad\n"
    )
    assert not command.cache.exists()
    assert command.made() == []


# What a step does with an overlay that the next ones see: LIVECD_OVERLAYS/NAME holds it.
MOUNT = """\
#!/bin/sh -e
place=$LIVECD_OVERLAYS/rootfs.dir
mkdir -p "$place/upper" "$place/work" rootfs.dir
mount -t overlay overlay rootfs.dir -o \
"lowerdir=$PWD/chroot,upperdir=$place/upper,workdir=$place/work,userxattr,index=off,metacopy=off"
rm -r rootfs.dir/var rootfs.dir/etc/gone
rm -r rootfs.dir/etc/again
mkdir rootfs.dir/etc/again
touch rootfs.dir/etc/again/new
umount rootfs.dir
echo chroot > "$place/lower"
"""
OVERLAYS = {
    "chroot/010-some.chroot": "#!/bin/sh\nmkdir /etc/again /etc/later\n"
    "touch /etc/gone /etc/again/old /etc/later/old /etc/stays\n",
    "base/series/one": "base/first.binary\nbase/second.binary\nbase/third.binary\n"
    "provides ${PREFIX}.one\n",
    "base/first.binary": MOUNT,
    "base/second.binary": "#!/bin/sh -e\nrm -r rootfs.dir/etc/later\nmkdir rootfs.dir/etc/later\n"
    "echo second > rootfs.dir/etc/again/new\n",
    "base/third.binary": "#!/bin/sh\n{ cd rootfs.dir; [ -e var ] || echo no var; ls etc etc/again etc/later;"
    " cat etc/again/new; ls ../chroot/etc; } > livecd.test.one 2>&1\n",
}
SEEN = """\
no var
etc:
again
later
stays

etc/again:
new

etc/later:
second
again
gone
later
stays
"""


@pytest.mark.parametrize("folder", ["plain", "a:b,c\\d é"])
def test_what_steps_remove_in_an_overlay_stays_removed(
    tree: Tree, command: Command, folder: str
) -> None:
    """Whiteouts and opaque directories of it are handed on, wherever the store is."""
    original = tree(OVERLAYS)
    command = replace(command, folder=command.folder / folder)
    command.folder.mkdir()
    (command.folder / "hooks.d").symlink_to(original)
    layered.events(command, "one")
    assert (command.output / "livecd.test.one").read_text() == SEEN
    tree({"base/third.binary": OVERLAYS["base/third.binary"] + "# more\n"})
    assert list(layered.ran(layered.events(command, "one"))) == ["base/third.binary"]
    assert (command.output / "livecd.test.one").read_text() == SEEN
