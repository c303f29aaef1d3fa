"""Overlays that pass, overlays that are kept, and where their upper directories may lie."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.steps import overlay
from livecd_rootfs.steps.context import Context
from tests.steps.builds import made_context, plant, tree

MOUNTINFO = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:30 / /tmp rw - tmpfs tmpfs rw
24 22 0:31 / /build rw - overlay overlay rw,lowerdir=/x
25 24 0:32 / /build/chroot/proc rw - proc proc rw
26 22 0:33 / /buildings rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/var/tmp", "ext4"),
        ("/tmp/x", "tmpfs"),
        ("/build", "overlay"),
        ("/build/chroot", "overlay"),
        ("/build/chroot/proc/self", "proc"),
        ("/buildings", "xfs"),
        ("/build-it", "ext4"),
    ],
)
def test_file_system(path: str, kind: str) -> None:
    assert overlay.file_system(Path(path), MOUNTINFO) == kind


def build(folder: Path) -> Context:
    plant(folder, {"build/chroot/etc/fstab": "old\n", "build/chroot/bin/sh": "#!/bin/sh\n"})
    (folder / "build/chroot").chmod(0o751)
    (folder / "scratch").mkdir()
    (folder / "overlays").mkdir()
    return made_context(folder / "build", LIVECD_SCRATCH=str(folder / "scratch"))


@pytest.mark.root
def test_a_passing_overlay_leaves_no_trace(tmp_path: Path) -> None:
    context = build(tmp_path)
    os.setxattr(context.chroot, "security.selinux", b"label")
    before = tree(tmp_path)
    with overlay.passing(context, context.chroot) as root:
        assert tree(root) == tree(context.chroot)
        assert os.getxattr(root, "security.selinux") == b"label"
        (root / "etc/fstab").write_text("new\n")
        (root / "etc/hosts").write_text("new\n")
        (root / "bin/sh").unlink()
        assert (context.chroot / "etc/fstab").read_text() == "old\n"
    assert {name: facts for name, facts in tree(tmp_path).items() if name != "scratch"} == {
        name: facts for name, facts in before.items() if name != "scratch"
    }


@pytest.mark.root
def test_a_kept_overlay_is_there_again_when_it_is_mounted_again(tmp_path: Path) -> None:
    context = build(tmp_path)
    before = tree(context.chroot)
    kept = tmp_path / "overlays"
    with overlay.kept(context, kept, "rootfs.dir", "chroot") as root:
        (root / "bin/sh").unlink()
        (root / "etc/hosts").write_text("new\n")
    assert not list((context.build / "rootfs.dir").iterdir())
    assert tree(context.chroot) == before
    assert (kept / "rootfs.dir/lower").read_text() == "chroot\n"
    found = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", MOUNT_AGAIN, "sh", context.build, kept],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == [".", "./bin", "./etc", "./etc/fstab", "./etc/hosts"]


MOUNT_AGAIN = """
cd "$1/rootfs.dir"
upper=$2/rootfs.dir
rm -r "$upper/work/work"  # the mark of a mount without a care for the disk
mount -t overlay none . -o "userxattr,index=off,metacopy=off" \
    -o "lowerdir=$1/$(cat "$upper/lower"),upperdir=$upper/upper,workdir=$upper/work"
cd "$1/rootfs.dir"
find | sort
"""


@pytest.mark.root
def test_an_overlay_that_failed_is_not_kept(tmp_path: Path) -> None:
    context = build(tmp_path)
    kept = tmp_path / "overlays"
    with pytest.raises(FileNotFoundError):
        remove_what_is_not_there(context, kept)
    assert not (kept / "rootfs.dir/lower").exists()


def remove_what_is_not_there(context: Context, kept: Path) -> None:
    with overlay.kept(context, kept, "rootfs.dir", "chroot") as root:
        (root / "none").unlink()


@pytest.mark.root
def test_scratch_on_an_overlay_is_refused(tmp_path: Path) -> None:
    """The kernel takes no overlay as upper directory; a build directory often is one."""
    context = build(tmp_path)
    with overlay.passing(context, context.chroot) as root:
        inner = made_context(context.build, LIVECD_SCRATCH=str(root))
        with pytest.raises(LivecdError, match="no place for temporary files") as caught:
            overlay.scratch(inner).__enter__()
    assert "an overlay" in str(caught.value.why)
    assert "LIVECD_SCRATCH" in str(caught.value.remedy)


@pytest.mark.root
def test_an_overlay_over_an_overlay(tmp_path: Path) -> None:
    context = build(tmp_path)
    with overlay.passing(context, context.chroot) as outer:
        (outer / "etc/fstab").write_text("outer\n")
        with overlay.passing(context, outer) as inner:
            assert (inner / "etc/fstab").read_text() == "outer\n"
            (inner / "etc/fstab").write_text("inner\n")
        assert (outer / "etc/fstab").read_text() == "outer\n"
