"""The output directory gets artifacts whole, with their checksums, or nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.build import output, standing
from livecd_rootfs.errors import LivecdError


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "livecd.x.img").write_bytes(b"image")
    (folder / "livecd.x.img.manifest").write_bytes(b"manifest")
    return folder


NAMES = ("livecd.x.img", "livecd.x.img.manifest")


def place(out: Path, made: str = "first") -> output.Place:
    """An output directory; its cache lies beside the build directory of the tests."""
    return output.Place(directory=out, cache=out.parent / "cache", made=made)


def published(build: Path, out: Path, made: str = "first") -> list[str]:
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as name:  # what is published may be moved
        subprocess.run(["cp", "-a", f"{build}/.", name], check=True)
        output.publish(Path(name), NAMES, place(out, made))
    return sorted(path.name for path in out.iterdir())


def test_artifacts_and_their_sums_are_there_and_nothing_else(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert published(build, out) == ["SHA256SUMS", *NAMES]
    check = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=out, check=True,
                           capture_output=True, text=True)  # fmt: skip
    assert check.stdout == "livecd.x.img: OK\nlivecd.x.img.manifest: OK\n"


def test_what_is_told_of_an_artifact_is_what_it_is(build: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    made = output.publish(build, ["livecd.x.img"], place(tmp_path / "out"))
    assert made.attestations == ()
    (artifact,) = made.artifacts
    assert artifact == output.Artifact(
        path=tmp_path / "out" / "livecd.x.img",
        size=5,
        sha256=hashlib.sha256(b"image").hexdigest(),
    )


def test_sums_of_other_builds_stay_while_their_files_do(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "other.img").write_bytes(b"other")
    (out / "SHA256SUMS").write_text(f"{'1' * 64} *other.img\n{'2' * 64} *gone.img\n")
    published(build, out)
    sums = output.read_sums(out / "SHA256SUMS")
    assert sorted(sums) == [*NAMES, "other.img"]
    assert sums["other.img"] == "1" * 64


def test_a_missing_artifact_leaves_the_output_as_it_was(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "livecd.x.img").write_bytes(b"older")
    with pytest.raises(LivecdError):
        output.publish(build, ["livecd.x.img", "livecd.x.missing"], place(out))
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [
        ("livecd.x.img", b"older")
    ]


def test_what_a_killed_run_left_is_cleared_away(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / f"{output.STAGING}abc").mkdir(parents=True)
    (out / f"{output.STAGING}abc" / "half").touch()
    assert published(build, out) == ["SHA256SUMS", *NAMES]


def test_sparse_files_stay_sparse(build: Path, tmp_path: Path) -> None:
    with (build / "livecd.x.img").open("wb") as stream:
        stream.truncate(64 << 20)
    published(build, tmp_path / "out")
    assert (tmp_path / "out" / "livecd.x.img").stat().st_blocks * 512 < 1 << 20


def test_a_place_that_is_no_directory_is_found_out_before_the_build(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LivecdError, match="directory of --output can't be written") as failure:
        output.check(tmp_path / "file" / "out")
    assert failure.value.remedy == "choose another with --output DIR"


@pytest.mark.root
def test_a_full_disk_leaves_what_was_there(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "small"
    out.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", out], check=True)
    try:
        (out / "livecd.x.img").write_bytes(b"older")
        (build / "livecd.x.img").write_bytes(b"\1" * (2 << 20))
        with pytest.raises(LivecdError, match="can't be written") as failure:
            output.publish(build, NAMES, place(out))
        assert (failure.value.place, failure.value.why) == (str(out), "No space left on device")
        assert [path.name for path in out.iterdir()] == ["livecd.x.img"]
        assert (out / "livecd.x.img").read_bytes() == b"older"
    finally:
        subprocess.run(["umount", out], check=True)


def inodes(out: Path) -> list[tuple[int, int]]:
    """With their change times, since a number may be given again."""
    found = [(out / name).stat() for name in NAMES]
    return [(each.st_ino, each.st_ctime_ns) for each in found]


def test_what_stands_there_from_the_same_layer_is_left_alone(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    published(build, out)
    before = inodes(out)
    (build / "livecd.x.img").unlink()  # it is not even looked for
    assert published(build, out) == ["SHA256SUMS", *NAMES]
    assert inodes(out) == before
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=out, check=True)


def test_another_layer_has_its_artifacts_brought(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    published(build, out)
    (build / "livecd.x.img").write_bytes(b"other")
    published(build, out, "second")
    assert (out / "livecd.x.img").read_bytes() == b"other"


def overwrite(path: Path) -> None:
    """With as many bytes, and the old modification time."""
    before = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"Image")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    other.replace(path)


@pytest.mark.parametrize("touch", [overwrite, replace, Path.unlink])
def test_what_was_touched_is_brought_anew(
    build: Path, tmp_path: Path, touch: Callable[[Path], object]
) -> None:
    out = tmp_path / "out"
    published(build, out)
    before = inodes(out)[0]
    touch(out / "livecd.x.img")
    published(build, out)
    assert (out / "livecd.x.img").read_bytes() == b"image"
    assert inodes(out)[0] != before


@pytest.mark.parametrize("text", ["", "[]", '{"livecd.x.img": {}}', '{"livecd.x.img": 1}'])
def test_what_is_remembered_may_be_lost(build: Path, tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    published(build, out)
    (known,) = (tmp_path / "cache" / standing.FOLDER).iterdir()
    known.write_text(text)
    assert published(build, out) == ["SHA256SUMS", *NAMES]
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=out, check=True)


def test_a_cache_that_cannot_be_written_does_not_matter(build: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    assert published(build, tmp_path / "out") == ["SHA256SUMS", *NAMES]


def test_a_directory_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    out, folder = tmp_path / "out", tmp_path / "build/livecd.x.image"
    (out / "livecd.x.image").mkdir(parents=True)
    (out / "livecd.x.image/old").touch()
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/motd").write_text("welcome\n")
    made = output.publish_folder(folder, out)
    assert made == out / "livecd.x.image"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*")) == [
        "livecd.x.image", "livecd.x.image/etc", "livecd.x.image/etc/motd",
    ]  # fmt: skip
    with pytest.raises(LivecdError, match="the directory can't be written"):
        output.publish_folder(folder, tmp_path / "gone")


def test_a_directory_to_keep_builds_in_is_tried_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LivecdError) as failure:
        output.check(tmp_path / "file", "--keep")
    assert failure.value.remedy == "choose another with --keep DIR"
