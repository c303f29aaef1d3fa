"""Artifacts of every format are read as what they are, and damaged ones in one clear line."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.inspection import artifact, summary, text
from livecd_rootfs.inspection.bench import Bench
from livecd_rootfs.inspection.tree import Kind
from tests.inspection import images

pytestmark = pytest.mark.tools(
    *("blkid", "bzip2", "debugfs", "gzip", "mcopy", "mke2fs", "mkfs.vfat", "mksquashfs", "mmd"),
    *("bsdcpio", "qemu-img", "sfdisk", "unsquashfs", "xz", "zstd"),
)


@pytest.mark.parametrize("form", images.ROOTS)
def test_a_root_is_read_from(form: str, planted: Path, tmp_path: Path, at: Bench) -> None:
    made = images.ROOTS[form](planted, tmp_path / f"image.{form}")
    found = artifact.open_artifact(at, made)
    assert found.tree is not None
    assert images.facts(found.tree) == images.expected(planted)
    assert found.tree.text("usr/bin/sh") == "5"


@pytest.mark.parametrize("form", images.DISKS)
def test_a_disk_is_read_from(
    form: str, raw_disk: Path, planted: Path, tmp_path: Path, at: Bench
) -> None:
    chain, make = images.DISKS[form]
    found = artifact.open_artifact(at, make(raw_disk, tmp_path / f"image.{form}"))
    assert " > ".join(found.formats) == chain
    assert found.disk is not None
    assert [(part.number, part.name, part.start) for part in found.disk.partitions] == [
        (1, "EFI System", images.ESP_START),
        (2, "Linux root (x86-64)", images.ROOT_START),
        (3, "BIOS boot", images.CORE_START),
    ]
    assert found.tree is not None
    facts = images.facts(found.tree)
    loaders = {path for path in facts if path.startswith("boot/efi/")}
    assert {path.rpartition("/")[2] for path in loaders} == {"EFI", "BOOT", *images.SBATS}
    assert {path: facts[path] for path in facts.keys() - loaders} == images.expected(planted)


def test_of_two_roots_with_other_owners_both_are_told(
    planted: Path, tmp_path: Path, at: Bench
) -> None:
    """Modes and owners are numbers of the image, not of who looks."""
    made = tmp_path / "image.ext4"
    images.run("mke2fs", "-q", "-t", "ext4", "-d", planted, made, "12M")
    images.run("debugfs", "-w", "-R", "set_inode_field /big uid 4711", made)
    found = artifact.open_artifact(at, made)
    assert found.tree is not None
    entry, _ = images.expected(planted)["big"]
    assert found.tree.entries["big"] == replace(entry, owner=(4711, (entry.owner or (0, 0))[1]))


def test_a_disk_with_an_unknown_file_system(tmp_path: Path, at: Bench) -> None:
    made = tmp_path / "image.raw"
    made.write_bytes(b"")
    os.truncate(made, images.DISK_SIZE)
    images.run("sfdisk", "-q", made, stdin=images.SFDISK)
    found = artifact.open_artifact(at, made)
    assert found.disk is not None
    assert [part.files for part in found.disk.partitions] == [None, None, None]
    assert found.tree is None


def test_a_program(tmp_path: Path, at: Bench) -> None:
    sections = {".linux": b"k" * 99, ".uname": b"6.12.9", ".cmdline": b"quiet\0"}
    (tmp_path / "x.efi").write_bytes(images.program(sections, signed=False))
    found = artifact.open_artifact(at, tmp_path / "x.efi")
    assert found.program is not None
    assert found.program.name == "unified kernel image 6.12.9"
    assert (found.program.machine, found.program.signed) == ("x86-64", False)
    assert found.tree is not None
    assert images.facts(found.tree).keys() == sections.keys()


def test_an_initramfs_tells_its_kernel(planted: Path, tmp_path: Path, at: Bench) -> None:
    root = tmp_path / "root"
    shutil.copytree(planted, root, symlinks=True, ignore=shutil.ignore_patterns("pipe"))
    for name in (
        "init",
        "usr/lib/modules/6.12.9/a.ko.xz",
        "usr/lib/modules/6.12.9/b.ko",
        "usr/lib/modules/6.12.9/modules.dep",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    found = artifact.open_artifact(at, images.initramfs(root, tmp_path / "initrd.img"))
    assert found.formats == ("cpio", "zstd", "cpio")
    told = text.summary(summary.of(found))
    assert "initramfs of Linux 6.12.9, with 2 modules\n" in told


def test_a_disk_of_the_old_kind_without_partitions(tmp_path: Path, at: Bench) -> None:
    made = tmp_path / "image.raw"
    made.write_bytes(b"")
    os.truncate(made, images.DISK_SIZE)
    images.run("sfdisk", "-q", made, stdin="label: dos\n")
    found = artifact.open_artifact(at, made)
    assert found.disk is not None
    assert (found.disk.table, found.disk.partitions, found.tree) == ("dos", (), None)


def test_a_tar_with_a_hard_link_to_nothing(tmp_path: Path, at: Bench) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, kind in (("etc/os-release", tarfile.LNKTYPE), ("odd", b"Z")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "gone" if kind == tarfile.LNKTYPE else ""
            archive.addfile(member)
    found = summary.of(artifact.open_artifact(at, tmp_path / "x.tar"))
    assert (found.release, found.files) == ({}, 2)
    assert found.artifact.tree is not None
    kinds = {path: entry.kind for path, (entry, _) in images.facts(found.artifact.tree).items()}
    assert kinds == {"etc/os-release": Kind.LINK, "odd": Kind.FILE}


def half(path: Path) -> Path:
    os.truncate(path, path.stat().st_size // 2)
    return path


def half_of(form: str, _: Path, disk: Path, target: Path) -> Path:
    return half(images.compressed(disk, target, form))


def overwritten(path: Path) -> Path:
    """All but the head, which says that it is whole."""
    return written(path, path.read_bytes()[:96].ljust(path.stat().st_size, b"x"))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


INDEX: Path | bytes = b'{"manifests": [{"digest": "sha256:1"}]}'
FAULTS: dict[str, tuple[Callable[[Path, Path, Path], Path], str]] = {
    "no file": (lambda _t, _d, to: to, "it can't be read: No such file"),
    "a pipe": (lambda _t, _d, to: piped(to), "it is a pipe, and no file"),
    "a device": (lambda _t, _d, _to: Path("/dev/null"), "it is a device, and no file"),
    "of a kind that others read": (
        lambda _t, _d, to: written(to, b"PK\3\4" + bytes(99)),
        "it is a ZIP archive, which is not read here",
    ),
    "empty": (lambda _t, _d, to: written(to, b""), "it is empty"),
    "text": (lambda _t, _d, to: written(to, b"hello\n"), "nothing that is known here"),
    "zeros": (lambda _t, _d, to: written(to, bytes(99999)), "nothing that is known here"),
    "half a cpio": (lambda tree, _d, to: half(images.cpio(tree, to)), "no whole cpio archive"),
    "a cpio of which a number is none": (
        lambda _t, _d, to: written(to, b"070701" + b"x" * 104),
        "no whole cpio archive",
    ),
    "a cpio with something else behind it": (
        lambda tree, _d, to: written(to, images.cpio(tree, to).read_bytes() + b"more"),
        "goes on as nothing that is known here",
    ),
    "an initramfs with a text in it": (
        lambda tree, _d, to: written(to, images.cpio(tree, to).read_bytes() + gzip.compress(b"x")),
        "what gzip has packed in it is no cpio archive",
    ),
    "half a tar": (lambda tree, _d, to: half(images.tar(tree, to)), "no whole tar file"),
    "packed again and again": (
        lambda _t, _d, to: written(to, reduce(lambda told, _: gzip.compress(told), range(20), b"")),
        "its formats lie one in the other without end",
    ),
    "a tar that ends behind a file": (
        lambda _t, _d, to: written(to, images.tar_of(to, {"a": b"a"}).read_bytes()[:1024]),
        "it is no whole tar file: it has no end",
    ),
    "a tar with a damaged header": (
        lambda _t, _d, to: written(
            to, images.tar_of(to, {"a": b"", "b": b""}).read_bytes().replace(b"b\0", b"c\0", 1)
        ),
        "it is no whole tar file: byte 512 begins no member",
    ),
    "half a FAT": (
        lambda _t, _d, to: half(fat(to)),
        "it is cut off: its vfat file system is larger than its place",
    ),
    **{
        f"half of {form}": (partial(half_of, form), f"is no whole {form} file")
        for form in ("gzip", "xz", "zstd", "bzip2")
    },
    "half a squashfs": (
        lambda tree, _d, to: written(to, images.squashfs(tree, to).read_bytes()[:1000]),
        "it is cut off",
    ),
    "a damaged squashfs": (
        lambda tree, _d, to: overwritten(images.squashfs(tree, to)),
        "its squashfs can't be read",
    ),
    "half an ext4": (lambda tree, _d, to: half(images.ext4(tree, to)), "is cut off"),
    "half a disk": (
        lambda _t, disk, to: half(written(to, disk.read_bytes())),
        "it is cut off",
    ),
    "half a qcow2": (
        lambda _t, disk, to: half(images.converted(disk, to, "qcow2")),
        "it is no whole qcow2: ERROR",
    ),
    "half a vmdk": (
        lambda _t, disk, to: half(
            images.converted(disk, to, "vmdk", "-o", "subformat=streamOptimized")
        ),
        "it is no whole vmdk",
    ),
    "half a vdi": (
        lambda _t, disk, to: half(images.converted(disk, to, "vdi")),
        "it is cut off: its content goes on to byte",
    ),
    "an encrypted qcow2": (
        lambda _t, disk, to: encrypted(disk, to),
        "it is encrypted",
    ),
    "a qcow2 over one that is gone": (
        lambda _t, _d, to: images.layered(to.with_name("gone"), to, "-u", "-o", "size=1M"),
        "gone is missing",
    ),
    "a qcow2 over one in the network": (
        lambda _t, _d, to: images.layered(Path("nbd:127.0.0.1:1"), to, "-u", "-o", "size=1M"),
        "nbd:127.0.0.1:1 is no file, and nothing else is opened",
    ),
    "a vmdk with a part in the network": (
        lambda _t, _d, to: written(to, description("nbd://127.0.0.1:1/x")),
        "nbd://127.0.0.1:1/x is no file",
    ),
    "a vmdk without its part": (
        lambda _t, _d, to: written(to, description("gone-flat.vmdk")),
        "gone-flat.vmdk is missing",
    ),
    "a container image without an image": (
        lambda _t, _d, to: images.tar_of(to, {"manifest.json": b"[]"}),
        "its manifest names no image",
    ),
    "a container image whose index names itself": (
        lambda _t, _d, to: images.tar_of(
            to, dict.fromkeys(("index.json", "oci-layout", "blobs/sha256/1"), INDEX)
        ),
        "of another form",
    ),
    "the beginning of a qcow2": (
        lambda _t, _d, to: written(to, b"QFI\xfb" + bytes(600)),
        "it is no whole qcow2",
    ),
    "half a program": (
        lambda _t, _d, to: half(written(to, images.program({".x": b"x" * 99}, signed=True))),
        "it is no whole EFI program",
    ),
    "the first letters of a program": (
        lambda _t, _d, to: written(to, b"MZ\0"),
        "it is no whole EFI program",
    ),
    "a container image without its layer": (
        lambda _t, _d, to: images.tar_of(to, {"manifest.json": b'[{"Layers": ["a.tar"]}]'}),
        "its layer a.tar is missing",
    ),
    "a container image without sense": (
        lambda _t, _d, to: images.tar_of(to, {"manifest.json": b"{"}),
        "its manifest.json is missing or no JSON",
    ),
    "a container image of another form": (
        lambda _t, _d, to: images.tar_of(to, {"oci-layout": b"", "index.json": b"[]"}),
        "of another form",
    ),
    "a damaged partition table": (
        lambda _t, disk, to: written(to, damaged(disk.read_bytes())),
        "",
    ),
}


def piped(path: Path) -> Path:
    os.mkfifo(path)
    return path


def fat(path: Path) -> Path:
    images.run("mkfs.vfat", "-C", path, "2048")
    return path


def encrypted(disk: Path, target: Path) -> Path:
    key = ("--object", "secret,id=key,data=key")
    # Not LUKS, for which QEMU measures the processor, and gives up on a busy one.
    form = "encrypt.format=aes,encrypt.key-secret=key"
    images.run("qemu-img", "convert", *key, "-O", "qcow2", "-o", form, disk, target)
    return target


def description(part: str) -> bytes:
    """That of a VMDK whose one part lies elsewhere."""
    head = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
    return f'{head}createType="monolithicFlat"\nRW 2048 FLAT "{part}" 0\n'.encode()


def damaged(disk: bytes) -> bytes:
    """Both copies of the table are overwritten, the boot sector is as it was."""
    return disk[:512] + bytes(40 * 512) + disk[41 * 512 : -40 * 512] + bytes(40 * 512)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_whole_artifact(
    fault: str, planted: Path, raw_disk: Path, tmp_path: Path, at: Bench
) -> None:
    make, message = FAULTS[fault]
    made = make(planted, raw_disk, tmp_path / "image")
    with pytest.raises(LivecdError) as caught:
        artifact.open_artifact(at, made)
    assert caught.value.message == f"{made} can't be inspected"
    assert caught.value.why is not None
    assert message in caught.value.why
    assert "\n" not in caught.value.why
    assert len(caught.value.notes) == 0
    assert caught.value.remedy
