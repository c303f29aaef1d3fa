"""The hooks that pack a root or a disk: what others read in what they made, and that it never differs."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from livecd_rootfs import process
from livecd_rootfs.steps.imagesize import GIB
from tests import needs
from tests.steps.builds import EPOCH, Build, plant, tree
from tests.steps.conftest import NewBuild

pytestmark = [pytest.mark.root, pytest.mark.network]

DISK = "binary/boot/disk-uefi.ext4"
SYSTEMD = {
    "usr/lib/systemd/systemd": "#!/bin/sh\n",
    "usr/lib/systemd/system/tmp.mount": "[Mount]\n",
    "usr/lib/systemd/system/systemd-resolved.service": "[Service]\n",
    "etc/systemd/system/systemd-networkd.service": "[Service]\n",
    "usr/lib/systemd/system/systemd-networkd.service": "[Service]\n",
}


def passed(ended: subprocess.CompletedProcess[str]) -> str:
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def made(build: Build, name: str, **variables: str) -> str:
    return passed(build.hook(name, **variables))


@pytest.fixture
def build(new_build: NewBuild) -> Build:
    """A build with a root to pack and a disk that no hook has made."""
    return filled(new_build())


def filled(build: Build) -> Build:
    root = build.build / "rootfs.dir"
    subprocess.run(["cp", "-a", build.build / "chroot", root], check=True)
    release = 'ID=debian\nVERSION_ID="13"\n'
    plant(root, {**SYSTEMD, "etc/os-release": release, "etc/resolv.conf": "the host's\n"})
    for path in (root, *root.rglob("*")):
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    disk = build.build / DISK
    disk.parent.mkdir(parents=True)
    with disk.open("wb") as stream:
        stream.truncate(GIB + (5 << 20))
    process.run(["sfdisk", "-q", disk], stdin=TABLE)
    with disk.open("r+b") as stream:
        stream.seek(GIB // 2)
        stream.write(b"content")
    for name, text in {"manifest": "bash\t5\n", "spdx.json": DOCUMENT}.items():
        (build.build / f"livecd.test.{name}").write_text(text)
    return build


TABLE = """\
label: gpt
label-id: 9F0D2C0E-0000-4000-8000-000000000001
start=2048, size=2048, uuid=9F0D2C0E-0000-4000-8000-000000000002
"""
DOCUMENT = json.dumps({"name": "livecd.test", "packages": [{"name": "livecd.test"}]})


def opened(path: Path, **how: str) -> Path:
    """A tarball's content below a new folder."""
    folder = path.with_name("seen")
    folder.mkdir()
    argv = ["bsdtar", "-xpf", str(path), "--acls", "--xattrs", "--numeric-owner"]
    process.run(argv, cwd=folder, env={**os.environ, "LC_ALL": "C.UTF-8", **how})
    os.utime(folder, (EPOCH, EPOCH))
    return folder


TARBALLS = {
    "tarball": (".rootfs.tar.xz", ".rootfs", "xz -1"),
    "tarball-zst": (".rootfs.tar.zst", ".rootfs.tar.zst", "zstd -3"),
}


@pytest.mark.tools("bsdtar", "xz")
@pytest.mark.parametrize("name", TARBALLS)
def test_a_tarball_is_the_root(build: Build, name: str) -> None:
    suffix, described, method = TARBALLS[name]
    said = made(build, name)
    assert said.startswith(f"livecd.test{suffix}: ")
    assert said.endswith(f", compressed with {method}\n")
    root, tarball = build.build / "rootfs.dir", build.build / f"livecd.test{suffix}"
    seen = opened(tarball)
    assert tree(seen) == tree(root)
    files = (build.build / f"livecd.test{described}.filelist").read_text().splitlines()
    assert {str(Path(file)) for file in files} == set(tree(root))
    manifest = (build.build / f"livecd.test{described}.manifest").read_text()
    assert manifest.startswith("bash\t5.2-1\nlibc6:amd64\t2.41-12\n")
    document = json.loads((build.build / f"livecd.test{described}.spdx.json").read_text())
    assert document["spdxVersion"] == "SPDX-2.3"
    if suffix.endswith("xz"):
        process.run(["xz", "-t", tarball])


@pytest.mark.tools("bsdtar")
def test_wsl(build: Build) -> None:
    made(build, "wsl")
    tarball = build.build / "livecd.test.wsl.rootfs.tar.gz"
    assert (build.build / "livecd.test.wsl").stat().st_ino == tarball.stat().st_ino
    assert tarball.read_bytes()[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    seen, root = opened(tarball), build.build / "rootfs.dir"
    assert (seen / "etc/wsl.conf").read_text() == "[boot]\nsystemd=true\n"
    assert (seen / "etc/wsl-distribution.conf").read_text() == (
        "[oobe]\ndefaultName = Debian-13\n\n[shortcut]\nenabled = true\n"
    )
    after, before = tree(seen), tree(root)
    masks = "etc/systemd/system"
    added = {"etc/wsl.conf", "etc/wsl-distribution.conf"} | {
        f"{masks}/tmp.mount",
        f"{masks}/systemd-resolved.service",
    }
    assert set(after) == (set(before) | added) - {"etc/resolv.conf"}
    assert {path: after[path] for path in before if path in after} == {
        path: before[path] for path in before if path in after
    }
    assert after["etc/wsl.conf"][:3] == ("-rw-r--r--", "0:0", f"{EPOCH}000000000")
    assert (seen / masks / "tmp.mount").readlink() == Path("/dev/null")
    files = (build.build / "livecd.test.wsl.rootfs.filelist").read_text().splitlines()
    assert {str(Path(file)) for file in files} == set(after)
    assert files == sorted(files)


def test_wsl_leaves_a_roots_own_configuration(build: Build) -> None:
    plant(build.build / "rootfs.dir", {"etc/wsl.conf": "[boot]\nsystemd=false\n"})
    made(build, "wsl")
    with tarfile.open(build.build / "livecd.test.wsl") as tar:
        names = tar.getnames()
        assert names.count("./etc/wsl.conf") == 1
        stream = tar.extractfile("./etc/wsl.conf")
        assert stream is not None
        assert stream.read() == b"[boot]\nsystemd=false\n"


@pytest.mark.tools("skopeo", "umoci")
def test_oci(build: Build, tmp_path: Path) -> None:
    said = made(build, "oci", SUITE="trixie", ARCH="arm64")
    assert said.endswith(", test:trixie\n")
    image = build.build / "livecd.test.oci.tar"
    asked = process.run(["skopeo", "inspect", "--config", f"oci-archive:{image}"])
    config = json.loads(asked.stdout)
    assert (config["architecture"], config["variant"], config["os"]) == ("arm64", "v8", "linux")
    assert config["created"] == "2023-11-14T22:13:20Z"
    process.run([
        "skopeo", "--insecure-policy", "copy", f"oci-archive:{image}:test:trixie",
        f"oci:{tmp_path}/layout:x",
    ])  # fmt: skip
    process.run(["umoci", "unpack", "--image", f"{tmp_path}/layout:x", tmp_path / "bundle"])
    assert tree(tmp_path / "bundle/rootfs") == tree(build.build / "rootfs.dir")


def test_every_digest_of_an_oci_layout(build: Build) -> None:
    made(build, "oci")
    with tarfile.open(build.build / "livecd.test.oci.tar") as tar:
        files = {name: content(tar, name) for name in tar.getnames()}
        assert {member.mtime for member in tar.getmembers()} == {EPOCH}
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (named,) = json.loads(files["index.json"])["manifests"]
    assert named["annotations"]["org.opencontainers.image.ref.name"] == "test:latest"
    manifest = json.loads(blob(files, named))
    config = json.loads(blob(files, manifest["config"]))
    (layer,) = manifest["layers"]
    inner = hashlib.sha256(gzip.decompress(blob(files, layer))).hexdigest()
    assert config["rootfs"]["diff_ids"] == [f"sha256:{inner}"]
    assert len(files) == 5


def content(tar: tarfile.TarFile, name: str) -> bytes:
    stream = tar.extractfile(name)
    assert stream is not None
    return stream.read()


def blob(files: Mapping[str, bytes], reference: Mapping[str, str | int]) -> bytes:
    found = files[f"blobs/{str(reference['digest']).replace(':', '/')}"]
    assert len(found) == reference["size"]
    assert hashlib.sha256(found).hexdigest() == str(reference["digest"]).removeprefix("sha256:")
    return found


@pytest.mark.tools("sgdisk", "sfdisk")
def test_gce(build: Build) -> None:
    """GNU tar gives a disk of whole gibibytes, with the second table at its end and nowhere else."""
    said = made(build, "gce")
    assert said.endswith("compressed with gzip -6; a disk of 2.0 GiB\n")
    image = build.build / "livecd.test.gce.tar.gz"
    listed = process.run(["tar", "-tvzf", image, "--utc", "--full-time"]).stdout
    assert listed == f"-rw-r--r-- 0/0 {2 * GIB:>15} 2023-11-14 22:13:20 disk.raw\n"
    assert gzip.decompress(image.read_bytes())[257:265] == b"ustar  \0"
    folder = image.with_name("seen")
    folder.mkdir()
    process.run(["tar", "-xzf", image], cwd=folder)
    disk = folder / "disk.raw"
    assert disk.stat().st_blocks * 512 < GIB
    found = process.run([needs.program("sgdisk") or "", "-v", disk]).stdout
    assert "No problems found" in found
    old = (build.build / DISK).stat().st_size
    with disk.open("rb") as stream:
        stream.seek(GIB // 2)
        assert stream.read(7) == b"content"
        stream.seek(old - 33 * 512)
        assert stream.read(33 * 512) == bytes(33 * 512)
    assert (build.build / "livecd.test.gce.manifest").read_text() == "bash\t5\n"


def test_a_disk_of_whole_gibibytes_is_packed_as_it_is(build: Build) -> None:
    disk = build.build / DISK
    os.truncate(disk, GIB)
    made(build, "gce")
    with tarfile.open(build.build / "livecd.test.gce.tar.gz") as tar:
        member = tar.getmember("disk.raw")
        assert member.size == GIB
        stream = tar.extractfile(member)
        assert stream is not None
        with disk.open("rb") as original:
            assert stream.read(1 << 20) == original.read(1 << 20)


@pytest.mark.tools("xz")
def test_disk1(build: Build) -> None:
    os.truncate(build.build / DISK, 8 << 20)
    made(build, "disk1-img-xz", COMPRESSION="small")
    image = build.build / "livecd.test.disk1.img.xz"
    process.run(["xz", "-t", image])
    assert lzma.decompress(image.read_bytes()) == (build.build / DISK).read_bytes()
    assert (build.build / "livecd.test.disk1.img.manifest").read_text() == "bash\t5\n"


NAMES = ("tarball", "tarball-zst", "wsl", "oci", "gce", "disk1-img-xz")
ROOTS = NAMES[:4]


def test_what_differs_between_hosts_changes_no_byte(new_build: NewBuild) -> None:
    """umask, time zone, language, the number of cores, the place; and what a copy changes."""
    one, other = filled(new_build("one")), filled(new_build("one/much/deeper"))
    elsewhere = {"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "XZ_OPT": "-9", "ZSTD_CLEVEL": "19"}
    for build, umask, cores in ((one, 0o022, ()), (other, 0o077, ("taskset", "-c", "0"))):
        os.truncate(build.build / DISK, 64 << 20)
        before = os.umask(umask)
        try:
            for name in NAMES:
                passed(build.start(name, cores, elsewhere if cores else {}))
        finally:
            os.umask(before)
    assert one.artifacts() == other.artifacts()
    assert len([name for name in one.artifacts() if "." in name]) == 25
    assert one.left() == other.left() == []


FAULTS: Mapping[str, tuple[str, Callable[[Path], object], str]] = {
    **{
        f"{name} without a root": (
            name,
            lambda build: subprocess.run(["rm", "-r", build / "rootfs.dir"], check=True),
            "there is no root to pack\n  at:   rootfs.dir\n",
        )
        for name in ROOTS
    },
    "gce without a disk": (
        "gce",
        lambda build: (build / DISK).unlink(),
        f"there is no disk to make an image for GCE of\n  at:   {DISK}\n",
    ),
    "xz without a disk": (
        "disk1-img-xz",
        lambda build: (build / DISK).unlink(),
        f"there is no disk to make an xz file of\n  at:   {DISK}\n",
    ),
    "gce without a partition table": (
        "gce",
        lambda build: (build / DISK).write_bytes(bytes(5 << 20)),
        "`",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_one_message_and_leaves_nothing(build: Build, fault: str) -> None:
    name, break_it, message = FAULTS[fault]
    break_it(build.build)
    before = set(build.build.glob("livecd.*"))
    ended = build.hook(name)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name}.binary: {message}")
    assert "Traceback" not in ended.stderr
    assert set(build.build.glob("livecd.*")) == before
    assert build.left() == []


@pytest.mark.parametrize("name", ["tarball-zst", "gce"])
def test_a_full_disk(build: Build, name: str) -> None:
    """On a file system of a few KiB, where the build directory is."""
    script = (
        'mount -t tmpfs -o size=64K none "$1"; mkdir -p "$1/binary/boot" "$1/rootfs.dir"; '
        'mount --bind rootfs.dir "$1/rootfs.dir"; cp livecd.test.manifest livecd.test.spdx.json "$1"; '
        f'touch "$1/{DISK}"; mount --bind {DISK} "$1/{DISK}"; cd "$1"; shift; exec "$@"'
    )
    place = build.folder / "small"
    place.mkdir()
    noise = build.build / "rootfs.dir/noise"
    noise.write_bytes(os.urandom(1 << 20))
    with (build.build / DISK).open("r+b") as stream:
        stream.write(noise.read_bytes())
    os.truncate(build.build / DISK, GIB)
    ended = build.start(name, ("unshare", "--mount", "sh", "-euc", script, "sh", str(place)), {})
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert build.left() == []
