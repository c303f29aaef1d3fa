"""rootfs.dir: which packages go, what else goes, and that chroot/ stays."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs.steps import dpkg, root_dir
from tests.steps import builds
from tests.steps.builds import STATUS, Build, plant, tree
from tests.steps.conftest import NewBuild

# What apt would do, from a table: the same simulation whatever is asked, and a
# removal that deletes what a kernel's package has, and leaves traces as dpkg does.
APT_GET = """\
#!/bin/sh
echo "$@" >> /apt.calls
case "$*" in
*--simulate*autoremove*) echo 'Remv nobody-needs-me [1]' ;;
*--simulate*purge*) printf '%s\\n' 'Remv nobody-needs-me [1]' \
    'Purg linux-image-6.12.9-amd64 [6.12.9-1]' 'Remv linux-base [4.12]' ;;
*)
    rm /boot/vmlinuz-*
    echo now > /var/log/apt.log
    echo now > /var/cache/ldconfig/aux-cache
    echo now > /tmp/x
    echo old > /var/lib/dpkg/status-old
    ;;
esac
"""
APT = {
    "usr/bin/apt-get": APT_GET,
    "var/log/README": "\n",
    "var/cache/ldconfig/README": "\n",
    "var/lib/dpkg/available-old": "\n",
    "lib/modules/6.12.9-amd64/modules.dep": "\n",
    "boot/grub/grub.cfg": "menu\n",
}


@pytest.mark.parametrize(
    ("name", "is_of_the_boot"),
    [
        ("linux-image-6.12.117+deb13-cloud-amd64", True),
        ("linux-image-cloud-amd64", True),
        ("linux-modules-extra-6.8.0-31-generic", True),
        ("linux-headers-generic", True),
        ("initramfs-tools-core", True),
        ("dracut-install", True),
        ("grub-efi-amd64-signed", True),
        ("grub2-common", True),
        ("shim-signed", True),
        ("systemd-boot-efi", True),
        ("linux-base", False),
        ("linux-libc-dev", False),
        ("linux-sysctl-defaults", False),
        ("grubby", False),
        ("systemd", False),
    ],
)
def test_boot_packages(name: str, *, is_of_the_boot: bool) -> None:
    package = dpkg.Package(name=name, version="1", architecture="amd64", same=False, kib=0)
    assert root_dir.boot_packages([package]) == ([name] if is_of_the_boot else [])


@pytest.fixture
def build(tmp_path: Path, bootable_root: Path) -> Build:
    """A build whose root has an apt."""
    made = builds.new_build(tmp_path / "folder", bootable_root, {})
    plant(made.build / "chroot", APT)
    for link in ("vmlinuz", "initrd.img.old"):
        (made.build / "chroot" / link).symlink_to("boot/vmlinuz-6.12.9-amd64")
    return made


def passed(ended: subprocess.CompletedProcess[str]) -> str:
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


# Where the executor mounts overlays again, and where it is live-build.
WAYS: Mapping[str, Mapping[str, str]] = {"overlay": {}, "copy": {"LIVECD_OVERLAYS": ""}}
LIST = "cd rootfs.dir && find . ! -type d | sort && cat apt.calls"
GONE = {
    "./vmlinuz",
    "./initrd.img.old",
    "./boot/vmlinuz-6.12.9-amd64",
    "./boot/initrd.img-6.12.9-amd64",
    "./boot/grub/grub.cfg",
    "./lib/modules/6.12.9-amd64/modules.dep",
    "./usr/lib/modules/6.12.9-amd64/modules.dep",
}


@pytest.mark.root
@pytest.mark.parametrize("way", WAYS)
def test_what_stays_and_what_goes(build: Build, way: str) -> None:
    before = tree(build.build / "chroot")
    said = passed(build.hook("root-dir", **WAYS[way]))
    assert said == "rootfs.dir: the root without 2 packages\n"
    assert tree(build.build / "chroot") == before
    assert build.left() == []
    seen = seen_by_the_next_hook(build)
    files = {f"./{name}" for name, facts in before.items() if not facts[0].startswith("d")}
    assert {name for name in seen if name.startswith("./")} == (files - GONE) | {"./apt.calls"}
    assert seen[-1].endswith("purge linux-base linux-image-6.12.9-amd64")


def seen_by_the_next_hook(build: Build) -> list[str]:
    """The files of rootfs.dir, and how apt was called; mounted again if it is an overlay."""
    kept = build.overlays / "rootfs.dir"
    options = f"userxattr,lowerdir={kept}/upper:chroot"  # as the executor does
    again = f"mount -t overlay none rootfs.dir -o {options} && "
    script = (again if kept.exists() else "") + LIST
    return subprocess.run(
        ["unshare", "--mount", "sh", "-euc", script],
        cwd=build.build,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


@pytest.mark.root
@pytest.mark.parametrize("way", WAYS)
def test_a_second_run_replaces_the_first(build: Build, way: str) -> None:
    for _ in range(2):
        passed(build.hook("root-dir", **WAYS[way]))
    assert len([line for line in seen_by_the_next_hook(build) if "--yes" in line]) == 3


@pytest.mark.root
@pytest.mark.parametrize("way", WAYS)
def test_apt_that_fails_is_told(build: Build, way: str) -> None:
    plant(build.build / "chroot", {"usr/bin/apt-get": "#!/bin/sh\necho no locks >&2\nexit 100\n"})
    ended = build.hook("root-dir", **WAYS[way])
    assert ended.returncode == 1
    assert ended.stderr.startswith("root-dir.binary: `apt-get --yes ")
    assert "| no locks" in ended.stderr
    assert build.left() == []
    assert not (build.overlays / "rootfs.dir/lower").exists()
    assert not list((build.build / "rootfs.dir").glob("*"))


@pytest.mark.root
def test_a_root_without_kernel_needs_no_apt(build: Build) -> None:
    status = STATUS.replace("Package: linux-image-6.12.9-amd64", "Package: nano")
    plant(build.build / "chroot", {"var/lib/dpkg/status": status, "usr/bin/apt-get": "broken"})
    assert passed(build.hook("root-dir")) == "rootfs.dir: the root without 0 packages\n"


@pytest.mark.root
@pytest.mark.tools("unsquashfs")
@pytest.mark.network
def test_squashfs_packs_it(new_build: NewBuild) -> None:
    one, other = new_build("one"), new_build("other", TZ="Asia/Tokyo")
    for made in (one, other):
        (made.build / "chroot").rename(made.build / "rootfs.dir")
        said = passed(made.hook("squashfs"))
        assert said.startswith("livecd.test.squashfs: ")
    assert one.artifacts() == other.artifacts()
    assert len(one.artifacts()) == 4
    image = one.build / "livecd.test.squashfs"
    subprocess.run(["unsquashfs", "-q", "-n", "-d", one.folder / "out", image], check=True)
    packed, unpacked = tree(one.build / "rootfs.dir"), tree(one.folder / "out")
    assert without_times(packed) == without_times(unpacked)
    names = (one.build / "livecd.test.squashfs.filelist").read_text().splitlines()
    assert set(names) == {"." if name == "." else f"./{name}" for name in packed}
    assert (one.build / "livecd.test.squashfs.manifest").read_text().startswith("bash\t5.2-1\n")


def without_times(facts: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: (*values[:2], *values[3:]) for name, values in facts.items()}
