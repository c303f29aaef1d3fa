"""What a chroot hook finds in its root, and that the root is afterwards as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecd_rootfs.build import chroot
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.mounts import Bind


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("root", "etc", "usr/sbin"):
        (tmp_path / "root" / folder).mkdir(parents=True)
    return tmp_path / "root"


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    file = tmp_path / "010-x.chroot"
    file.write_text("#!/bin/sh\n")
    return file


def files(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() if path.is_file() else "link"
        for path in sorted(root.rglob("*"))
        if not path.is_dir()
    }


def test_hook_resolver_and_policy_are_there_only_meanwhile(root: Path, hook: Path) -> None:
    with chroot.scaffold(root, hook) as inside:
        assert inside == "/root/010-x.chroot"
        assert sorted(files(root)) == [
            "etc/resolv.conf",
            "root/010-x.chroot",
            "usr/sbin/policy-rc.d",
        ]
        assert (root / "usr/sbin/policy-rc.d").stat().st_mode & 0o777 == 0o755
        assert (root / "root/config").is_dir()
    assert files(root) == {}
    assert not (root / "root/config").exists()


def test_files_that_were_there_come_back(root: Path, hook: Path) -> None:
    (root / "etc/resolv.conf").write_text("mine\n")
    (root / "usr/sbin/policy-rc.d").write_text("mine too\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o700)
    before = files(root)
    with chroot.scaffold(root, hook):
        assert files(root) != before
    assert files(root) == before
    assert (root / "usr/sbin/policy-rc.d").stat().st_mode & 0o777 == 0o700


def test_what_a_hook_puts_there_on_purpose_stays(root: Path, hook: Path) -> None:
    with chroot.scaffold(root, hook):
        (root / "etc/resolv.conf").unlink()
        (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
        (root / "usr/sbin/policy-rc.d").write_text("from a package\n")
    assert (root / "etc/resolv.conf").is_symlink()
    assert (root / "usr/sbin/policy-rc.d").read_text() == "from a package\n"


def test_all_comes_back_when_the_hook_fails(root: Path, hook: Path) -> None:
    with pytest.raises(ZeroDivisionError), chroot.scaffold(root, hook):
        raise ZeroDivisionError
    assert files(root) == {}


def test_a_link_to_the_resolver_is_left_alone(root: Path, hook: Path) -> None:
    (root / "etc/resolv.conf").symlink_to("/run/systemd/resolve/stub-resolv.conf")
    with chroot.scaffold(root, hook):
        assert (root / "etc/resolv.conf").is_symlink()
    targets = [
        operation.target
        for operation in chroot.sandbox(root, hook.parent, {}, network=True).operations
        if isinstance(operation, Bind)
    ]
    assert "/run/systemd/resolve/stub-resolv.conf" in targets


@pytest.mark.parametrize("folder", ["root", "etc", "usr/sbin"])
def test_a_root_whose_links_lead_out_of_it_is_refused(
    root: Path, hook: Path, tmp_path: Path, folder: str
) -> None:
    """A base may come from anywhere; nothing of the host may be written through it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / folder).rmdir()
    (root / folder).symlink_to(outside)
    with pytest.raises(LivecdError, match="link that leads out of it"), chroot.scaffold(root, hook):
        pass
    assert list(outside.iterdir()) == []


def test_a_link_where_we_write_leads_nowhere_and_comes_back(
    root: Path, hook: Path, tmp_path: Path
) -> None:
    """policy-rc.d is often one of Debian's alternatives, and absolute: on the host it is another."""
    outside = tmp_path / "outside"
    outside.write_text("the host's\n")
    places = (root / "usr/sbin/policy-rc.d", root / "root" / hook.name)
    for place in places:
        place.symlink_to(outside)
    with chroot.scaffold(root, hook):
        assert not any(place.is_symlink() for place in places)
    assert outside.read_text() == "the host's\n"
    assert places[0].readlink() == outside


def test_what_comes_back_has_its_times(root: Path, hook: Path) -> None:
    (root / "etc/resolv.conf").write_text("mine\n")
    os.utime(root / "etc/resolv.conf", (1_600_000_000, 1_600_000_000))
    with chroot.scaffold(root, hook):
        pass
    assert (root / "etc/resolv.conf").stat().st_mtime == 1_600_000_000


@pytest.mark.parametrize("place", ["etc/resolv.conf", "usr/sbin/policy-rc.d"])
def test_a_directory_where_we_would_write_stays(root: Path, hook: Path, place: str) -> None:
    (root / place).mkdir()
    with chroot.scaffold(root, hook):
        assert (root / place).is_dir()
    assert (root / place).is_dir()


def test_a_place_that_can_t_take_the_hook(root: Path, hook: Path) -> None:
    (root / "root" / hook.name).mkdir()
    with (
        pytest.raises(LivecdError, match="can't be put into the target root"),
        chroot.scaffold(root, hook),
    ):
        pass
