"""A real Debian image: read by second readers, searched for what must not be in it, booted."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.images.conftest import CHECKOUT, TARGETS, Built, facts, questions

pytestmark = [pytest.mark.root, pytest.mark.network, pytest.mark.slow]

SECTOR = 512


def output(*argv: str | Path) -> str:
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{argv}: {ended.stdout}{ended.stderr}"
    return ended.stdout


def partitions(disk: Path) -> dict[int, tuple[int, int, str]]:
    """Number -> first byte, size in bytes, type."""
    table = json.loads(output("sfdisk", "--json", disk))["partitiontable"]["partitions"]
    return {
        int(re.sub(r".*\D", "", row["node"])): (
            row["start"] * SECTOR,
            row["size"] * SECTOR,
            row["type"],
        )
        for row in table
    }


def cut_out(disk: Path, number: int, into: Path) -> Path:
    start, size, _ = partitions(disk)[number]
    part = into / f"partition{number}"
    subprocess.run(
        ("dd", f"if={disk}", f"of={part}", "bs=1M", "iflag=skip_bytes,count_bytes",
         f"skip={start}", f"count={size}", "conv=sparse", "status=none"),
        check=True,
    )  # fmt: skip
    return part


@pytest.fixture(scope="module")
def root(disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system, cut out of the disk."""
    return cut_out(disk, 1, tmp_path_factory.mktemp("root"))


def test_only_what_was_asked_for_comes_out(built: Built) -> None:
    names = sorted(path.name for path in built.output.iterdir())
    assert names == [
        "SHA256SUMS",
        "livecd.debian-cpc.img",
        "livecd.debian-cpc.img.manifest",
        "livecd.debian-cpc.img.spdx.json",
        "livecd.debian-cpc.squashfs",
        "livecd.debian-cpc.squashfs+qcow2.provenance.json",
        "livecd.debian-cpc.squashfs.filelist",
        "livecd.debian-cpc.squashfs.manifest",
        "livecd.debian-cpc.squashfs.spdx.json",
    ]


def test_checksums_are_those_of_the_files(built: Built) -> None:
    subprocess.run(("sha256sum", "--check", "--quiet", "SHA256SUMS"), cwd=built.output, check=True)


@pytest.mark.tools("qemu-img")
def test_qemu_img_finds_no_fault(built: Built) -> None:
    assert "No errors were found" in output("qemu-img", "check", built.artifact(".img"))


@pytest.mark.tools("sgdisk", "sfdisk")
def test_the_partition_table_is_whole_and_that_of_a_cloud_image(disk: Path) -> None:
    assert "No problems found" in output("sgdisk", "--verify", disk)
    assert {number: kind for number, (_, _, kind) in partitions(disk).items()} == {
        1: "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",  # Linux root (x86-64)
        14: "21686148-6449-6E6F-744E-656564454649",  # BIOS boot
        15: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",  # EFI system
    }


@pytest.mark.tools("e2fsck", "dumpe2fs")
def test_the_root_file_system_is_clean_and_has_its_label(root: Path) -> None:
    output("e2fsck", "-fn", root)
    assert re.search(
        r"volume name: +cloudimg-rootfs$", output("dumpe2fs", "-h", root), re.MULTILINE
    )


@pytest.mark.tools("fsck.vfat", "mdir")
def test_the_efi_partition_is_clean_and_has_the_secure_boot_chain(
    disk: Path, tmp_path: Path
) -> None:
    esp = cut_out(disk, 15, tmp_path)
    output("fsck.vfat", "-n", esp)
    files = output("mdir", "-/", "-b", "-i", esp, "::").upper()
    for name in ("EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/GRUBX64.EFI", "EFI/DEBIAN/GRUB.CFG"):
        assert f"::/{name}" in files


@pytest.mark.tools("unsquashfs")
def test_the_squashfs_has_a_root_without_kernel_and_boot_loader(built: Built) -> None:
    listing = output("unsquashfs", "-l", "-d", "", built.artifact(".squashfs"))
    names = set(listing.splitlines())
    assert {"/etc/os-release", "/usr/bin/dpkg"} <= names
    assert not [name for name in names if name.startswith(("/boot/vmlinuz", "/boot/initrd"))]
    assert not [name for name in names if name.startswith("/usr/lib/modules/")]


def test_manifests_name_packages_and_versions(built: Built) -> None:
    rows = [line.split("\t") for line in built.artifact(".img.manifest").read_text().splitlines()]
    assert all(len(row) == 2 for row in rows)
    packages = {name.partition(":")[0] for name, _ in rows}
    assert {"cloud-init", "systemd", "shim-signed"} <= packages
    assert any(name.startswith("linux-image-") for name in packages)
    small = built.artifact(".squashfs.manifest").read_text()
    assert "linux-image-" not in small


def debugfs(root: Path, request: str) -> str:
    return subprocess.run(
        ("debugfs", "-R", request, root), capture_output=True, text=True, check=True
    ).stdout


PER_INSTANCE = {
    "machine-id is to be made at first boot": ("/etc/machine-id", "uninitialized\n"),
    "no name servers of the build host": ("/etc/.resolv.conf.systemd-resolved.bak", ""),
    "no seed of the random numbers": ("/var/lib/systemd/random-seed", ""),
    "no policy against services": ("/usr/sbin/policy-rc.d", ""),
    "no ssh host key": ("/etc/ssh/ssh_host_ed25519_key", ""),
    "no resolver but systemd's": ("/run/systemd/resolve/stub-resolv.conf", ""),
}


@pytest.mark.tools("debugfs")
@pytest.mark.parametrize("row", PER_INSTANCE)
def test_nothing_of_one_instance_is_in_the_image(root: Path, row: str) -> None:
    path, content = PER_INSTANCE[row]
    assert debugfs(root, f"cat {path}") == content


@pytest.mark.tools("debugfs")
def test_no_package_lists_and_logs_take_room(root: Path) -> None:
    for folder in ("/var/lib/apt/lists", "/var/cache/apt/archives"):
        names = debugfs(root, f"ls -p {folder}").split("\n")
        files = [name.split("/")[5] for name in names if name.count("/") > 5]
        assert set(files) <= {".", "..", "partial", "lock", "auxfiles"}, folder


def test_nothing_of_the_build_host_is_in_the_image(built: Built, disk: Path) -> None:
    """Its name, its paths, its name servers: searched for in every byte of the disk."""
    servers = re.findall(
        r"^nameserver (?!127\.).*", Path("/etc/resolv.conf").read_text(), re.MULTILINE
    )
    traces = [str(built.cache), str(CHECKOUT), "/livecd/", *servers]
    if len(socket.gethostname()) > 6:
        traces.append(socket.gethostname())
    for trace in traces:
        found = subprocess.run(
            ("grep", "--quiet", "--fixed-strings", "--text", trace, disk), check=False
        )
        assert found.returncode == 1, f"'{trace}' is in the image"


@pytest.mark.boot
def test_it_boots_with_secure_boot(built: Built) -> None:
    """Which is UEFI and more; by BIOS a user gets in below."""
    image = built.artifact(".img")
    before = image.stat()
    ended = built.livecd_rootfs("boot", str(image), "--firmware", "uefi-secure", "--timeout", "400")
    assert ended.returncode == 0, ended.stderr
    assert "login reached" in ended.stdout
    assert "the guest showed a secret of this boot" in ended.stdout
    assert "uefi-secure, Secure Boot on" in ended.stdout
    after = image.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


@pytest.mark.boot
def test_a_user_gets_in_and_the_system_is_healthy(built: Built) -> None:
    """ssh with a key that cloud-init installs; no unit failed; the disk has grown."""
    asked = {
        "state": "systemctl is-system-running --wait",
        "failed": "systemctl --failed --no-legend --plain",
        "size": "findmnt --bytes --noheadings --output SIZE /",
        "firmware": "test -e /sys/firmware/efi || echo bios",
    }
    options = ("--firmware", "bios", "--disk-size", "6G", "--timeout", "400", "--shell")
    image = str(built.artifact(".img"))
    ended = built.livecd_rootfs("boot", image, *options, stdin=questions(asked))
    assert ended.returncode == 0, ended.stderr
    told = facts(ended.stdout)
    assert int(told.pop("size")) > 5_000_000_000
    assert told == {"state": "running", "failed": "", "firmware": "bios"}


def test_an_archive_that_has_changed_since_is_no_obstacle(built: Built, tmp_path: Path) -> None:
    """The next run begins as if it had not, is told better, and does what is right."""
    (answer,) = (path for path in (built.cache / "archives").glob("*.json"))
    true = answer.read_text()
    answer.write_text(re.sub('"sha256": "....', '"sha256": "0000', true))
    again = built.livecd_rootfs("build", TARGETS, "--output", str(tmp_path))
    assert again.returncode == 0, again.stderr
    assert answer.read_text() == true
    assert "final.binary: cached" in again.stdout, again.stdout
    assert (tmp_path / "SHA256SUMS").read_text() == (built.output / "SHA256SUMS").read_text()
