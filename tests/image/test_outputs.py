"""The outputs of the image pipeline, opened by readers that are not ours; and that they never differ."""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs import process
from livecd_rootfs.steps import osrelease
from livecd_rootfs.tools import Mode, Toolbox
from tests.image import outputs
from tests.image.outputs import KERNEL, Made
from tests.steps import builds
from tests.steps.builds import EPOCH, tree
from tests.steps.conftest import bootable_root, tools_root

__all__ = ("bootable_root", "tools_root")

pytestmark = [pytest.mark.root, pytest.mark.network]

Make = Callable[..., Made]
SMALL = {"IMAGE_SIZE": "+8M", "BOOTLOADER": "systemd-boot"}
SECTOR = 512
FAT_NAME = "::EFI/Linux/debian-6.12.9-amd64.efi"


@pytest.fixture(scope="session")
def image_root(
    bootable_root: Path, tools_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return outputs.root(tmp_path_factory.mktemp("image") / "root", bootable_root, tools_root)


@pytest.fixture(scope="session")
def tools(tools_root: Path) -> dict[str, str]:
    return {"LIVECD_TOOLS": "root", "LIVECD_TOOLS_ROOT": str(tools_root)}


@pytest.fixture
def make(tmp_path: Path, image_root: Path, tools: dict[str, str]) -> Make:
    """Makes a build directory and runs the hooks in it."""

    def make(name: str = "one", *steps: str, **variables: str) -> Made:
        build = builds.new_build(tmp_path / name, image_root, tools, **{**SMALL, **variables})
        return outputs.run(build, *steps)

    return make


PROVED = {"VERITY": "yes", "MANIFEST_FORMAT": "json changelog"}


@pytest.fixture(scope="module")
def proved(
    image_root: Path, tools: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """A disk with a root hash, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("proved")
    return outputs.run(builds.new_build(folder / "one", image_root, tools, **SMALL, **PROVED))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings that sign."""
    folder = tmp_path_factory.mktemp("keys")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    names = ("-keyout", key, "-out", certificate)
    new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test/")
    process.run(("openssl", "req", *new, *names))
    return {
        "SECURE_BOOT": "yes",
        "SECURE_BOOT_KEY": key,
        "SECURE_BOOT_CERTIFICATE": certificate,
    }


def partitions(disk: Path) -> dict[int, dict[str, str | int]]:
    """What sfdisk reads, by number."""
    said = json.loads(process.run(("sfdisk", "--json", disk)).stdout)["partitiontable"]
    return {int(re.findall(r"\d+$", part["node"])[0]): part for part in said["partitions"]}


def cut(disk: Path, number: int, target: Path) -> Path:
    """A partition as a file."""
    part = partitions(disk)[number]
    process.run(("dd", f"if={disk}", f"of={target}", "bs=512", f"skip={part['start']}",
                 f"count={part['size']}", "conv=sparse"))  # fmt: skip
    return target


def in_tools(tools_root: Path, folder: Path, *argv: str) -> str:
    """Run a tool of the tools root, as any user could."""
    return Toolbox(mode=Mode.ROOT, root=tools_root).run(argv, cwd=folder).stdout


def command_line(made: Made, tools_root: Path, tmp_path: Path) -> str:
    """What the kernel is told by the unified kernel image on the disk."""
    start = int(partitions(made.path(".raw"))[15]["start"]) * SECTOR
    image = made.folder / "kernel.efi"
    argv = ("mcopy", "-i", f"{made.path('.raw')}@@{start}", FAT_NAME, str(image))
    in_tools(tools_root, made.folder, *argv)
    process.run(("objcopy", "-O", "binary", "--only-section=.cmdline", image, tmp_path / "line"))
    return (tmp_path / "line").read_text().strip("\0\n")


@pytest.mark.tools("sfdisk", "e2fsck", "sha256sum", "objcopy", "debugfs")
def test_a_disk_and_all_that_may_lie_beside_it(
    make: Make, tools_root: Path, tmp_path: Path
) -> None:
    made = make(
        SPLIT_ARTIFACTS="yes", MANIFEST_FORMAT="json changelog",
        KERNEL_COMMAND_LINE="odd.one",
    )  # fmt: skip
    assert made.names() == [
        ".changelog", ".esp.raw", ".initrd", ".manifest", ".raw",
        ".root.raw", ".spdx.json", ".vmlinuz",
    ]  # fmt: skip
    found = partitions(made.path(".raw"))
    assert [found[number]["type"] for number in (15, 1)] == [
        "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
        "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
    ]
    root = cut(made.path(".raw"), 1, tmp_path / "root")
    assert root.read_bytes() == made.path(".root.raw").read_bytes()
    process.run(("e2fsck", "-fn", root))
    seen = process.run(("debugfs", "-R", "ls -p /boot/efi", root)).stdout
    assert {line.split("/")[5] for line in seen.split()} == {".", ".."}
    line = command_line(made, tools_root, tmp_path)
    assert line.startswith("root=LABEL=cloudimg-rootfs ro odd.one console=tty0")
    assert made.path(".vmlinuz").read_text() == "kernel\n"
    assert made.path(".initrd").read_bytes().endswith(b"-u\n")
    manifest = json.loads(made.path(".manifest").read_text())
    packages = {each["name"]: each["version"] for each in manifest["packages"]}
    assert packages == {
        "bash": "5.2-1",
        "libc6": "2.41-12",
        "linux-image-6.12.9-amd64": "6.12.9-1",
    }
    assert "bash 5.2-1 (bash)" in made.path(".changelog").read_text()


@pytest.mark.tools("sfdisk", "objcopy")
def test_the_root_hash_is_everywhere_the_same(
    proved: Made, tools_root: Path, tmp_path: Path
) -> None:
    """In its file, in the kernel's command line, in the ids of partitions; and it is right."""
    root_hash = proved.path(".roothash").read_text().strip()
    assert re.fullmatch("[0-9a-f]{64}", root_hash)
    words = command_line(proved, tools_root, tmp_path).split()
    assert [word for word in words if "roothash" in word] == [f"roothash={root_hash}"]
    assert "root=/dev/mapper/root" in words
    found = partitions(proved.path(".raw"))
    ids = "".join(str(found[number]["uuid"]).lower().replace("-", "") for number in (1, 2))
    assert ids == root_hash
    assert found[2]["type"] == "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5"
    root = cut(proved.path(".raw"), 1, tmp_path / "root")
    cut(proved.path(".raw"), 2, tmp_path / "hashes")
    verify = ("veritysetup", "verify", "root", "hashes", root_hash)
    in_tools(tools_root, tmp_path, *verify)
    with root.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"another")
    with pytest.raises(process.CommandError):
        in_tools(tools_root, tmp_path, *verify)
    assert "veritysetup" in (proved.folder / f"chroot/boot/initrd.img-{KERNEL}").read_text()
    assert not (proved.folder / "chroot/etc/initramfs-tools/hooks/image-verity").exists()


@pytest.mark.tools("sha256sum")
@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_checksums_are_of_what_is_shipped(make: Make, compression: str) -> None:
    made = make("one", "output", FORMAT="tar", COMPRESS_OUTPUT=compression, CHECKSUM="yes")
    suffix = {"zstd": ".tar.zst", "gzip": ".tar.gz"}[compression]
    assert made.names() == [".SHA256SUMS", ".spdx.json", suffix]
    sums = made.path(".SHA256SUMS").read_text()
    assert {line.split("*")[1] for line in sums.splitlines()} == {
        made.path(suffix).name,
        made.path(".spdx.json").name,
    }
    process.run(("sha256sum", "--check", "--strict", made.path(".SHA256SUMS").name),
                cwd=made.folder)  # fmt: skip


@pytest.mark.tools("gpg", "gpg-agent", "gpgconf")
def test_where_the_user_runs_it_the_list_is_signed(make: Make, tmp_path: Path) -> None:
    """Under live-build, that is; our own build signs when it has published."""
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    env = {**os.environ, "GNUPGHOME": str(home)}
    new = ("--passphrase", "", "--quick-generate-key", "builder@example.org", "ed25519", "sign")
    process.run(("gpg", "--batch", *new), env=env)
    settings = {"SIGN": "yes", "GNUPGHOME": str(home), "LIVECD_OVERLAYS": ""}
    try:
        made = make("one", "output", FORMAT="tar", **settings)
        signature, sums = made.path(".SHA256SUMS.gpg"), made.path(".SHA256SUMS")
        process.run(("gpg", "--verify", signature, sums), env=env)
        with sums.open("a") as stream:
            stream.write("another line\n")
        with pytest.raises(process.CommandError):
            process.run(("gpg", "--verify", signature, sums), env=env)
    finally:
        process.run(("gpgconf", "--kill", "all"), env=env)


def unpacked(path: Path, *argv: str) -> Path:
    """What a reader makes of an archive."""
    folder = path.with_name("seen")
    folder.mkdir()
    process.run((*argv, str(path)), cwd=folder, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return folder


@pytest.mark.tools("bsdtar")
@pytest.mark.parametrize(
    ("kind", "suffix", "how"),
    [
        ("tar", ".tar.zst", ""),
        ("tar", ".tar.xz", "xz"),
        ("cpio", ".cpio.zst", ""),
        ("cpio", ".cpio", "no"),
    ],
)
def test_an_archive_is_the_root(make: Make, kind: str, suffix: str, how: str) -> None:
    made = make("one", "output", FORMAT=kind, COMPRESS_OUTPUT=how)
    assert made.names() == sorted([".spdx.json", suffix])
    seen = unpacked(made.path(suffix), "bsdtar", "-xpf")
    found, whole = tree(seen), tree(made.folder / "chroot")
    if kind == "cpio":
        assert found.pop("init")[3] == "usr/lib/systemd/systemd"
    assert contents(found) == contents(whole)
    if not how:
        again = make("two", "output", FORMAT=kind)
        assert again.build.artifacts() == made.build.artifacts()
    assert all(int(facts[2]) <= EPOCH * 10**9 for name, facts in found.items() if name != ".")


def contents(found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """All but times."""
    return {name: (facts[0], facts[1], facts[3]) for name, facts in found.items()}


@pytest.mark.tools("unsquashfs")
def test_a_squashfs_is_the_root(make: Make) -> None:
    made, again = (make(name, "output", FORMAT="squashfs") for name in ("one", "two"))
    assert made.build.artifacts() == again.build.artifacts()
    folder = made.folder / "seen"
    process.run(("unsquashfs", "-q", "-n", "-d", folder, made.path(".squashfs")))
    assert contents(tree(folder)) == contents(tree(made.folder / "chroot"))


def test_a_directory_is_the_root(make: Make) -> None:
    made = make("one", "output", FORMAT="directory")
    assert contents(tree(made.path(""))) == contents(tree(made.folder / "chroot"))


@pytest.mark.tools("objcopy", "bsdtar", "zstd")
def test_a_unified_kernel_image_may_hold_the_whole_root(make: Make, tmp_path: Path) -> None:
    made, again = (make(name, "output", FORMAT="uki") for name in ("one", "two"))
    assert made.build.artifacts() == again.build.artifacts()
    initrd = tmp_path / "initrd"
    take = ("objcopy", "-O", "binary", "--only-section=.initrd", made.path(".efi"), initrd)
    process.run(take)
    seen = unpacked(initrd, "bsdtar", "-xpf")
    assert (seen / "init").is_symlink()
    assert (seen / "etc/os-release").is_file()


@pytest.mark.tools("qemu-img", "bmaptool")
def test_a_disk_in_other_forms(make: Make, tmp_path: Path) -> None:
    """Without an EFI system partition, which is large: a qcow2, one by its block map, compressed."""
    settings = {"BOOTABLE": "no", "BMAP": "yes"}
    plain = make("one", "output", **settings)
    qcow2 = make("two", "output", **settings, QCOW2="yes")
    packed = make("three", "output", **settings, COMPRESS_OUTPUT="yes", SPLIT_ARTIFACTS="yes")
    assert plain.names() == [".bmap", ".raw", ".spdx.json"]
    assert qcow2.names() == [".bmap", ".qcow2", ".spdx.json"]
    assert packed.names() == [".bmap", ".raw.zst", ".root.raw.zst", ".spdx.json"]
    assert list(partitions(plain.path(".raw"))) == [1]
    process.run(("qemu-img", "compare", "-q", plain.path(".raw"), qcow2.path(".qcow2")))
    for made, name in ((plain, ".raw"), (packed, ".raw.zst")):
        copy = tmp_path / f"copy{name}"
        argv = ("bmaptool", "-q", "copy", "--bmap", made.path(".bmap"), made.path(name), copy)
        process.run(argv)
        assert copy.read_bytes() == plain.path(".raw").read_bytes()


@pytest.mark.tools("bmaptool")
def test_a_block_map_finds_what_was_changed(make: Make, tmp_path: Path) -> None:
    made = make("one", "output", BOOTABLE="no", BMAP="yes")
    with made.path(".raw").open("r+b") as stream:
        stream.seek(512)
        stream.write(b"NOT EFI")
    argv = ("bmaptool", "copy", "--bmap", made.path(".bmap"), made.path(".raw"), tmp_path / "copy")
    with pytest.raises(process.CommandError) as caught:
        process.run(argv)
    assert "checksum" in " ".join(caught.value.notes)


def test_two_runs_are_the_same(proved: Made, make: Make) -> None:
    assert make(**PROVED).build.artifacts() == proved.build.artifacts()


def test_all_that_a_firmware_starts_is_signed(
    make: Make, keys: dict[str, str], tools_root: Path
) -> None:
    made = make("one", "kernel-install", "boot-loader", "unified-kernel", **keys)
    assert made.said["boot-loader"] == "boot-loader: systemd-boot, signed, with keys to enrol"
    esp = made.folder / "chroot/boot/efi"
    programs = sorted(esp.rglob("*.[eE][fF][iI]"))
    assert len(programs) == 3
    certificate = made.folder / "certificate.pem"
    certificate.write_bytes(Path(keys["SECURE_BOOT_CERTIFICATE"]).read_bytes())
    for program in programs:
        argv = ("sbverify", "--cert", str(certificate), str(program))
        in_tools(tools_root, made.folder, *argv)
    enrolled = sorted(path.name for path in (esp / "loader/keys/auto").iterdir())
    assert enrolled == ["KEK.auth", "PK.auth", "db.auth"]
    # EFI_TIME of the build: EFI_VARIABLE_AUTHENTICATION_2 begins with it (UEFI, 8.2.2).
    stamp = (esp / "loader/keys/auto/db.auth").read_bytes()[:7]
    assert stamp == bytes((2023 & 255, 2023 >> 8, 11, 14, 22, 13, 20))


def test_kernel_and_initramfs_apart(make: Make) -> None:
    steps = ("kernel-install", "boot-loader", "unified-kernel")
    made = make("one", *steps, UNIFIED_KERNEL_IMAGES="no")
    esp = made.folder / "chroot/boot/efi"
    entry = (esp / f"loader/entries/debian-{KERNEL}.conf").read_text().splitlines()
    assert entry[:4] == [
        "title Debian GNU/Linux 13 (trixie)",
        f"version {KERNEL}",
        f"linux /debian/{KERNEL}/linux",
        f"initrd /debian/{KERNEL}/initrd",
    ]
    assert entry[4].startswith("options root=LABEL=cloudimg-rootfs ro console=")
    assert (esp / f"debian/{KERNEL}/linux").read_text() == "kernel\n"
    assert (esp / f"debian/{KERNEL}/initrd").is_file()
    assert not (esp / "EFI/Linux").exists()
    assert (made.folder / "chroot/etc/kernel/install.conf").read_text() == "layout=bls\n"


@pytest.mark.tools("objcopy")
@pytest.mark.parametrize(
    ("program", "layout", "version"),
    [
        ({"usr/bin/ukify": ""}, "layout=uki\nuki_generator=ukify\n", None),
        ({}, "layout=bls\n", KERNEL),
    ],
)
def test_later_kernels_are_started_too(
    make: Make, tmp_path: Path, program: dict[str, str], layout: str, version: str | None
) -> None:
    """Where the root can't make images of them, they get entries, which sort before this image."""
    made = make("one", "kernel-install")
    root = made.folder / "chroot"
    builds.plant(root, program)
    outputs.run(made.build, "boot-loader", "unified-kernel")
    assert (root / "etc/kernel/install.conf").read_text() == layout
    image = next((root / "boot/efi/EFI/Linux").iterdir())
    argv = ("objcopy", "-O", "binary", "--only-section=.osrel", image, tmp_path / "os-release")
    process.run(argv)
    assert osrelease.parse((tmp_path / "os-release").read_text()).get("IMAGE_VERSION") == version


def test_grub_starts_what_it_finds(make: Make) -> None:
    steps = ("kernel-install", "boot-loader", "unified-kernel", "output")
    made = make("one", *steps, BOOTLOADER="grub")
    assert list(partitions(made.path(".raw"))) == [1, 14, 15]
    assert made.said["unified-kernel"].endswith("GRUB starts kernels by themselves")


WRONG = {
    "Verity of a tar": ({"VERITY": "yes", "FORMAT": "tar"}, "output", "but the output is a tar"),
    "Verity with GRUB": (
        {"VERITY": "yes", "BOOTLOADER": "grub"}, "boot-loader", "Bootloader=systemd-boot",
    ),
    "SecureBoot without key": ({"SECURE_BOOT": "yes"}, "boot-loader", "no key to sign with"),
    "unknown format": ({"FORMAT": "floppy"}, "output", "one of disk, directory, tar"),
    "no such initrd": ({"INITRDS": "/gone"}, "kernel-install", "Initrds can't be read"),
    "no room": ({"IMAGE_SIZE": "100M"}, "output", "has no room for a root"),
    "no such settings": ({"NSPAWN_SETTINGS": "/gone"}, "output", "mend NspawnSettings"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_is_told(
    tmp_path: Path, image_root: Path, tools: dict[str, str], name: str
) -> None:
    variables, step, said = WRONG[name]
    build = builds.new_build(tmp_path / "build", image_root, tools, **{**SMALL, **variables})
    ended = build.hook(step)
    assert ended.returncode in {1, 2}
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert build.left() == []


def test_what_the_last_script_leaves_is_packed(make: Make, tmp_path: Path) -> None:
    """Also where it has made the root forget its packages: the manifest still tells them."""
    script = tmp_path / "mkosi.finalize"
    script.write_text('#!/bin/sh\nmkdir "$OUTPUTDIR/sub"; echo 1 >"$OUTPUTDIR/sub/x"\n')
    script.chmod(0o755)
    variables = {
        "FINALIZE_SCRIPT": str(script),
        "FORMAT": "none",
        "MANIFEST_FORMAT": "json",
        "CLEAN_PACKAGE_METADATA": "yes",
    }
    steps = ("clean-metadata", "finalize", "output")
    one, two = (make(name, *steps, **variables) for name in ("one", "two"))
    assert one.names() == [".manifest", ".outputs.tar", ".spdx.json"]
    with tarfile.open(one.path(".outputs.tar")) as tar:
        assert [(each.name, each.mtime) for each in tar] == [
            (".", EPOCH),
            ("./sub", EPOCH),
            ("./sub/x", EPOCH),
        ]
    assert one.path(".outputs.tar").read_bytes() == two.path(".outputs.tar").read_bytes()
    assert json.loads(one.path(".manifest").read_text())["packages"]
