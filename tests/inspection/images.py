"""Small images of every format, made by the plain tools, with one tree in all of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import struct
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from livecd_rootfs import process
from livecd_rootfs.inspection.tree import Entry, Kind, Tree
from tests import needs

SECTOR = 512
MIB = 1 << 20
ESP_START, ROOT_START, CORE_START = 1 * MIB, 3 * MIB, 15 * MIB
DISK_SIZE = 16 * MIB
OS_RELEASE = 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
STATUS = """\
Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.22
Installed-Size: 6000

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1
Installed-Size: 7000
"""
FILES: Mapping[str, str | bytes] = {
    "etc/os-release": OS_RELEASE,
    "var/lib/dpkg/status": STATUS,
    "boot/vmlinuz-6.12.9-amd64": "kernel\n",
    "boot/initrd.img-6.12.9-amd64": "initramfs\n",
    "odd/with space": "1",
    'odd/quote"d': "2",
    "odd/back\\slash": "3",
    "odd/line\nbreak": "4",
    "odd/-dash": "5",
    "odd/#hash": "6",
    "odd/ünï": "7",
    "odd/empty": "",
    "odd/.hidden": "8",
    "big": b"data" * 100_000,
}
LINKS = {
    "odd/link": "with space",
    "odd/long link": "../" + "x" * 80,
    "usr/bin/sh": "/odd/-dash",
    "lib": "usr/lib",
}


def plant(folder: Path) -> Path:
    """The tree, in a directory."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "usr/bin").mkdir(parents=True)
    for name, target in LINKS.items():
        (folder / name).symlink_to(target)
    os.link(folder / "big", folder / "odd/hard")
    os.mkfifo(folder / "odd/pipe")
    (folder / "odd/setuid").write_bytes(b"s")
    (folder / "odd/setuid").chmod(0o4755)
    (folder / "odd/secret").mkdir(mode=0o700)
    with (folder / "odd/sparse").open("wb") as stream:
        stream.truncate(3 * MIB)
        stream.seek(0, 2)
        stream.write(b"end")
    return folder


def run(*argv: str | Path, stdin: str | None = None) -> None:
    program = needs.program(str(argv[0]))
    process.run([program or argv[0], *argv[1:]], stdin=stdin)


def facts(tree: Tree) -> dict[str, tuple[Entry, str]]:
    """What a tree holds: the entries and the digests of the files."""
    plain = [path for path, entry in tree.entries.items() if entry.kind is Kind.FILE]
    digests = tree.source.digests(plain)
    return {path: (entry, digests.get(path, "")) for path, entry in tree.entries.items()}


def expected(folder: Path) -> dict[str, tuple[Entry, str]]:
    """What the tree of a directory is, seen by the kernel."""
    return {
        "" if path == folder else str(path.relative_to(folder)): _fact(path)
        for path in (folder, *folder.rglob("*"))
    }


def _fact(path: Path) -> tuple[Entry, str]:
    found = path.lstat()
    kind = Kind.FILE
    if path.is_symlink():
        kind = Kind.LINK
    elif path.is_dir():
        kind = Kind.DIRECTORY
    elif path.is_fifo():
        kind = Kind.PIPE
    entry = Entry(
        kind=kind,
        mode=found.st_mode & 0o7777,
        owner=(found.st_uid, found.st_gid),
        size=found.st_size if kind is Kind.FILE else 0,
        target=str(path.readlink()) if kind is Kind.LINK else "",
        attributes={},
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if kind is Kind.FILE else ""
    return entry, digest


def tar(tree: Path, target: Path) -> Path:
    with tarfile.open(target, "w") as archive:
        archive.add(tree, ".")
    return target


def tar_of(target: Path, members: Mapping[str, Path | bytes], *, zipped: bool = False) -> Path:
    """A tar file of these files, in this order."""
    kind: Literal["w", "w:gz"] = "w:gz" if zipped else "w"
    with tarfile.open(target, kind) as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else content.read_bytes()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target


def cpio(tree: Path, target: Path) -> Path:
    """An archive as Linux unpacks it."""
    names = "\0".join(str(path.relative_to(tree)) for path in (tree, *sorted(tree.rglob("*"))))
    with target.open("wb") as stream:
        subprocess.run(
            ("bsdcpio", "-o", "-0", "-H", "newc", "--quiet"),
            input=names.encode(),
            stdout=stream,
            cwd=tree,
            check=True,
        )
    return target


def initramfs(tree: Path, target: Path) -> Path:
    """As Debian makes them: firmware of the processor first, then what is compressed."""
    early = target.with_suffix(".early")
    early.mkdir()
    (early / "big").write_bytes(b"what the second archive replaces")
    first = cpio(early, target.with_suffix(".first")).read_bytes()
    rest = compressed(cpio(tree, target.with_suffix(".rest")), target.with_suffix(".zst"), "zstd")
    target.write_bytes(first + bytes(512) + rest.read_bytes())
    return target


def squashfs(tree: Path, target: Path) -> Path:
    run("mksquashfs", tree, target, "-quiet", "-noappend", "-no-progress", "-comp", "zstd")
    return target


def ext4(tree: Path, target: Path) -> Path:
    run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "small", "-d", tree, target, "12M")
    return target


SFDISK = f"""\
label: gpt
start={ESP_START // SECTOR}, size={2 * MIB // SECTOR}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={ROOT_START // SECTOR}, size={12 * MIB // SECTOR}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
start={CORE_START // SECTOR}, size=1024, type=21686148-6449-6E6F-744E-656564454649
"""
SBATS = {
    "BOOTX64.EFI": "sbat,1,SBAT Version,sbat,1,x\nshim,4,UEFI shim,shim,1,x\n"
    "shim.debian,1,Debian,shim,16.1,x\n",
    "grubx64.efi": "grub,5,FSF,grub,2.12,x\ngrub.debian,5,Debian,grub2,2.12-9,x\n",
}


def program(sections: Mapping[str, bytes], *, signed: bool) -> bytes:
    """An EFI program with these sections and nothing to run."""
    optional = bytearray(240)
    struct.pack_into("<H", optional, 0, 0x20B)
    struct.pack_into("<II", optional, 112 + 4 * 8, 0, 8 if signed else 0)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 240, 0)
    at = len(head) + len(coff) + len(optional) + 40 * len(sections)
    table, data = b"", b""
    for name, content in sections.items():
        places = (len(content), 0, len(content), at + len(data))
        table += struct.pack("<8sIIII16x", name.encode(), *places)
        data += content
    return head + coff + bytes(optional) + table + data


def disk(tree: Path, target: Path) -> Path:
    """A GPT disk: GRUB's name in the boot sector, an EFI system partition, a root."""
    target.write_bytes(b"\xeb\x63\x90" + bytes(300) + b"GRUB \0")
    os.truncate(target, DISK_SIZE)
    run("sfdisk", "-q", target, stdin=SFDISK)
    root = ext4(tree, target.with_suffix(".root"))
    esp = target.with_suffix(".esp")
    run("mkfs.vfat", "-C", "-n", "UEFI", esp, str(2 * MIB // 1024))
    run("mmd", "-i", esp, "::EFI", "::EFI/BOOT")
    for name, sbat in SBATS.items():
        file = target.with_name(name)
        file.write_bytes(program({".sbat": sbat.encode()}, signed=True))
        run("mcopy", "-i", esp, file, f"::EFI/BOOT/{name}")
    parts = ((esp.read_bytes(), ESP_START), (root.read_bytes(), ROOT_START), (b"GRUB", CORE_START))
    for content, start in parts:
        with target.open("r+b") as stream:
            stream.seek(start)
            stream.write(content)
    return target


def converted(raw: Path, target: Path, form: str, *options: str) -> Path:
    subprocess.run(("qemu-img", "convert", "-O", form, *options, raw, target), check=True)
    return target


def compressed(path: Path, target: Path, form: str) -> Path:
    """A file compressed by the plain tool."""
    with target.open("wb") as stream:
        subprocess.run((form, "-c", "-q", path), stdout=stream, check=True)
    return target


def layout(tree: Path, target: Path) -> Path:
    """A container image as a directory."""
    target.mkdir()
    process.run(("tar", "-xf", oci(tree, target.with_suffix(".tar")), "-C", target))
    return target


def oci(tree: Path, target: Path) -> Path:
    """A container image of two layers; the second takes away what the first one has too much."""
    folder = target.with_suffix(".layers")
    folder.mkdir()
    upper = folder / "upper"
    lower = {"gone": b"1", "odd/was": b"2", "big/was": b"a directory before"}
    plain = tar_of(folder / "lower", lower).read_bytes()
    with tarfile.open(upper, "w") as archive:
        archive.add(tree, ".")
        for name in ("./.wh.gone", "odd/.wh..wh..opq"):
            archive.addfile(tarfile.TarInfo(name))
    blobs = {digest(data): data for data in (gzip.compress(plain), upper.read_bytes())}
    manifest = json.dumps({"layers": [{"digest": f"sha256:{name}"} for name in blobs]}).encode()
    index = json.dumps({"manifests": [{"digest": f"sha256:{digest(manifest)}"}]}).encode()
    files = {f"blobs/sha256/{name}": data for name, data in blobs.items()}
    files[f"blobs/sha256/{digest(manifest)}"] = manifest
    return tar_of(target, {"oci-layout": b"{}", "index.json": index, **files})


def docker(tree: Path, target: Path) -> Path:
    """A container image as Docker saves it."""
    layer = tar(tree, target.with_suffix(".layer"))
    manifest = json.dumps([{"Layers": ["one/layer.tar"]}]).encode()
    return tar_of(target, {"manifest.json": manifest, "one/layer.tar": layer})


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


Maker = Callable[[Path, Path], Path]
# Formats of a root, each made of a tree.
ROOTS: Mapping[str, Maker] = {
    "tar": tar,
    "tar.gz": lambda tree, to: compressed(tar(tree, to.with_suffix(".t")), to, "gzip"),
    "tar.xz": lambda tree, to: compressed(tar(tree, to.with_suffix(".t")), to, "xz"),
    "tar.zst": lambda tree, to: compressed(tar(tree, to.with_suffix(".t")), to, "zstd"),
    "tar.bz2": lambda tree, to: compressed(tar(tree, to.with_suffix(".t")), to, "bzip2"),
    "cpio": cpio,
    "cpio.gz": lambda tree, to: compressed(cpio(tree, to.with_suffix(".c")), to, "gzip"),
    "initramfs": initramfs,
    "directory": lambda tree, _: tree,
    "squashfs": squashfs,
    "ext4": ext4,
    "oci": oci,
    "docker": docker,
    "layout": layout,
}
# Formats of a disk, each made of a raw one.
DISKS: Mapping[str, tuple[str, Maker]] = {
    "raw": ("disk", lambda raw, _: raw),
    "img.xz": ("xz > disk", lambda raw, to: compressed(raw, to, "xz")),
    "qcow2": ("qcow2 (zlib) > disk", lambda raw, to: converted(raw, to, "qcow2", "-c")),
    "stream.vmdk": (
        "vmdk (streamOptimized) > disk",
        lambda raw, to: converted(raw, to, "vmdk", "-o", "subformat=streamOptimized"),
    ),
    "sparse.vmdk": (
        "vmdk (monolithicSparse) > disk",
        lambda raw, to: converted(raw, to, "vmdk"),
    ),
    "fixed.vhd": (
        "vhd > disk",
        lambda raw, to: converted(raw, to, "vpc", "-o", "subformat=fixed,force_size"),
    ),
    "dynamic.vhd": ("vhd > disk", lambda raw, to: converted(raw, to, "vpc", "-o", "force_size")),
    "vhdx": ("vhdx > disk", lambda raw, to: converted(raw, to, "vhdx")),
    "vdi": ("vdi > disk", lambda raw, to: converted(raw, to, "vdi")),
    "ova": (
        "ova > vmdk (streamOptimized) > disk",
        lambda raw, to: tar_of(
            to, {"x.ovf": b"<Envelope/>", "x-disk1.vmdk": _streamed(raw, to), "x.mf": b""}
        ),
    ),
    "virtualbox.box": (
        "gzip > tar > vagrant box > vmdk (streamOptimized) > disk",
        lambda raw, to: tar_of(
            to,
            {"metadata.json": b"{}", "box.ovf": b"", "box.vmdk": _streamed(raw, to)},
            zipped=True,
        ),
    ),
    "split.vmdk": (
        "vmdk (twoGbMaxExtentSparse) > disk",
        lambda raw, to: converted(raw, to, "vmdk", "-o", "subformat=twoGbMaxExtentSparse"),
    ),
    "layered.qcow2": (
        "qcow2 (zlib) > disk",
        lambda raw, to: layered(converted(raw, to.with_suffix(".below"), "qcow2"), to),
    ),
    "libvirt.box": (
        "gzip > tar > vagrant box > qcow2 (zlib) > disk",
        lambda raw, to: tar_of(
            to,
            {
                "./metadata.json": b"{}",
                "./box.img": converted(raw, to.with_suffix(".q"), "qcow2", "-c"),
            },
            zipped=True,
        ),
    ),
    "gce.tar.gz": (
        "gzip > tar > disk",
        lambda raw, to: tar_of(to, {"disk.raw": raw}, zipped=True),
    ),
}


def layered(below: Path, target: Path, *options: str) -> Path:
    """A qcow2 in which nothing is: it lies over another image."""
    made = ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", *options)
    process.run((*made, "-b", below, target))
    return target


def _streamed(raw: Path, to: Path) -> Path:
    return converted(raw, to.with_suffix(".s"), "vmdk", "-o", "subformat=streamOptimized")
