"""The pruner: what is chosen, what is deleted, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecd_rootfs import prune
from livecd_rootfs.errors import LivecdError
from tests import trees

NAMES = ("livecd.ubuntu-cpc",)


def fill(build: Path, *files: str) -> Path:
    for name in files:
        path = build / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content of " + name)
    return build


def run(build: Path, *provides: str, names: tuple[str, ...] = NAMES) -> prune.Choice:
    choice = prune.survey(str(build), provides, names=names)
    prune.prune(str(build), choice)
    return choice


def test_keeps_what_the_targets_provide(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.box", "livecd.ubuntu-cpc.ext4", "livecd.other.img", "chroot")
    choice = run(tmp_path, "livecd.ubuntu-cpc.box")
    assert trees.names(tmp_path) == ["chroot", "livecd.other.img", "livecd.ubuntu-cpc.box"]
    assert [found.name for found in choice.removed] == ["livecd.ubuntu-cpc.ext4"]
    assert choice.freed == len("content of livecd.ubuntu-cpc.ext4")


def test_keeps_everything_when_nothing_is_provided(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.box", "livecd.ubuntu-cpc.ext4")
    assert len(run(tmp_path).kept) == 2
    assert len(trees.names(tmp_path)) == 2


@pytest.mark.parametrize(
    ("project", "subarch", "names"),
    [
        (None, None, ("livecd.ubuntu-cpc",)),
        ("", "", ("livecd.ubuntu-cpc",)),
        ("debian", "raspi", ("livecd.debian", "livecd.debian-raspi")),
    ],
)
def test_prefixes(project: str | None, subarch: str | None, names: tuple[str, ...]) -> None:
    assert prune.prefixes(project, subarch) == names


def test_artifacts_of_a_subarch_are_candidates_too(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.p.a", "livecd.p-raspi.a", "livecd.p-raspi.b", "livecd.p-other.a")
    run(tmp_path, "livecd.p-raspi.a", names=prune.prefixes("p", "raspi"))
    assert trees.names(tmp_path) == ["livecd.p-other.a", "livecd.p-raspi.a"]


def test_a_project_is_no_pattern(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.a*.x", "livecd.abc.x", "livecd.a.x")
    run(tmp_path, "livecd.abc.x", names=("livecd.a*",))
    assert trees.names(tmp_path) == ["livecd.a.x", "livecd.abc.x"]


@pytest.mark.parametrize("name", ["./livecd.ubuntu-cpc.a", "binary/../livecd.ubuntu-cpc.a"])
def test_a_provided_file_may_be_written_in_a_roundabout_way(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.a", "livecd.ubuntu-cpc.b")
    run(tmp_path, name)
    assert trees.names(tmp_path) == ["livecd.ubuntu-cpc.a"]


def test_links_are_deleted_and_never_followed(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", "precious", "folder/precious")
    build = fill(tmp_path / "build", "livecd.ubuntu-cpc.keep")
    (build / "livecd.ubuntu-cpc.file").symlink_to(outside / "precious")
    (build / "livecd.ubuntu-cpc.folder").symlink_to(outside / "folder")
    (build / "livecd.ubuntu-cpc.dangling").symlink_to("gone")
    choice = run(build, "livecd.ubuntu-cpc.keep")
    assert trees.names(build) == ["livecd.ubuntu-cpc.keep"]
    assert (outside / "folder/precious").exists()
    assert choice.freed == 0


def test_directories_are_left(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.keep", "livecd.ubuntu-cpc.folder/file")
    choice = run(tmp_path, "livecd.ubuntu-cpc.keep")
    assert [found.name for found in choice.left] == ["livecd.ubuntu-cpc.folder"]
    assert (tmp_path / "livecd.ubuntu-cpc.folder/file").exists()
    assert "[LEAVE] livecd.ubuntu-cpc.folder is a directory\n" in prune.report(choice)


@pytest.mark.parametrize(
    ("made", "name", "said"),
    [
        ("nothing", "livecd.ubuntu-cpc.box", "'livecd.ubuntu-cpc.box', which"),
        ("dangling link", "livecd.ubuntu-cpc.box", "there is a dangling link of this name"),
        ("directory", "livecd.ubuntu-cpc.box", "there is a directory of this name"),
        ("nothing", "binary/boot/disk.img", "'binary/boot/disk.img', which"),
        ("nothing", "../outside", "'../outside', which"),
        ("nothing", "nul\0", "which was not made"),
    ],
)
def test_what_was_never_made_is_an_error(tmp_path: Path, made: str, name: str, said: str) -> None:
    fill(tmp_path, "outside")
    build = fill(tmp_path / "build", "livecd.ubuntu-cpc.ext4")
    if made == "dangling link":
        (build / name).symlink_to("gone")
    elif made == "directory":
        (build / name).mkdir()
    with pytest.raises(LivecdError, match=said):
        run(build, name)
    assert (build / "livecd.ubuntu-cpc.ext4").exists()


def test_missing_may_be_allowed(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.ext4")
    choice = prune.survey(str(tmp_path), ["livecd.ubuntu-cpc.box"], names=NAMES)
    prune.prune(str(tmp_path), choice, allow_missing=True)
    assert trees.names(tmp_path) == []


def test_provided_files_below_the_build_directory_count_as_made(tmp_path: Path) -> None:
    fill(tmp_path, "binary/boot/disk-uefi.ext4", "livecd.ubuntu-cpc.ext4")
    choice = run(tmp_path, "binary/boot/disk-uefi.ext4")
    assert [found.name for found in choice.kept] == ["binary/boot/disk-uefi.ext4"]
    assert trees.names(tmp_path) == ["binary"]


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("livecd.ubuntu-cpc.ext4", True),
        ("livecd.ubuntu-cpc.manifest", True),
        ("livecd.ubuntu-cpc.kernel-generic", True),
        ("livecd.ubuntu-cpc-raspi.initrd-raspi", True),
        ("livecd.ubuntu-cpc.img", False),
        ("livecd.ubuntu-cpc.disk1.ext4", False),
        ("livecd.ubuntu-cpc.img.manifest", False),
        ("livecd.other.ext4", False),
        ("kernel-generic", False),
    ],
)
def test_what_auto_build_makes_after_the_hooks(name: str, *, later: bool) -> None:
    is_later = prune.made_by_auto_build(prune.prefixes("ubuntu-cpc", "raspi"))
    assert is_later(name) == later


def test_what_is_made_later_is_not_missed_yet(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.qcow2")
    choice = prune.survey(
        str(tmp_path),
        ["livecd.ubuntu-cpc.ext4"],
        names=NAMES,
        is_later=prune.made_by_auto_build(NAMES),
    )
    prune.prune(str(tmp_path), choice)
    assert trees.names(tmp_path) == []
    assert prune.report(choice).splitlines() == [
        "[LATER] livecd.ubuntu-cpc.ext4 is made after the binary hooks",
        "[REMOVE] livecd.ubuntu-cpc.qcow2 (34 bytes)",
        "[PRUNED] 0 kept, 1 removed, 34 bytes freed",
    ]


def test_report_of_a_dry_run() -> None:
    choice = prune.choose(
        [
            prune.Found(name="a", kind="file", size=3),
            prune.Found(name="b", kind="link"),
            prune.Found(name="c", kind="missing"),
        ],
        ["a", "c"],
    )
    assert prune.report(choice, dry_run=True).splitlines() == [
        "[KEEP] a (3 bytes)",
        "[MISSING] c",
        "[REMOVE] b (0 bytes)",
        "[PRUNED] 1 kept, 1 would be removed, 0 bytes would be freed",
    ]


def test_report_names_all_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LivecdError) as caught:
        run(tmp_path, "a", "b", "c")
    assert caught.value.message == "the targets provide 'a', which was not made"
    assert caught.value.notes == ("nor was 'b'", "nor was 'c'")


KINDS = st.sampled_from(["file", "link", "dangling link", "directory", "missing"])


@given(st.dictionaries(st.sampled_from("abcdef"), KINDS), st.sets(st.sampled_from("abcdef")))
def test_each_artifact_has_one_fate(kinds: dict[str, prune.Kind], provides: set[str]) -> None:
    found = [prune.Found(name=name, kind=kind) for name, kind in kinds.items()]
    choice = prune.choose(found, sorted(provides))
    fates = [one.name for one in (*choice.kept, *choice.removed, *choice.left)]
    assert len(fates) == len(set(fates))
    assert not {one.name for one in choice.removed} & provides
    assert all(one.kind not in ("directory", "missing") for one in choice.removed)
    assert {one.name for one in choice.missing} <= provides
    assert provides or not choice.removed


def test_without_build_directory(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="nowhere can't be listed"):
        prune.survey(str(tmp_path / "nowhere"), [], names=NAMES)


def test_what_vanishes_meanwhile_is_gone(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.a", "livecd.ubuntu-cpc.b", "x")
    choice = prune.survey(str(tmp_path), ["x"], names=NAMES)
    (tmp_path / "livecd.ubuntu-cpc.a").unlink()
    prune.prune(str(tmp_path), choice)
    assert trees.names(tmp_path) == ["x"]


def test_what_can_not_be_deleted(tmp_path: Path) -> None:
    fill(tmp_path, "livecd.ubuntu-cpc.a", "x")
    choice = prune.survey(str(tmp_path), ["x"], names=NAMES)
    (tmp_path / "livecd.ubuntu-cpc.a").unlink()
    (tmp_path / "livecd.ubuntu-cpc.a").mkdir()
    with pytest.raises(LivecdError, match=r"livecd\.ubuntu-cpc\.a can't be deleted"):
        prune.prune(str(tmp_path), choice)


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ()), ("a\nb\n", ("a", "b")), ("a", ("a",)), ("a b\n\na b\x85c\n", ("a b", "a b\x85c"))],
)
def test_read_provides(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    path = tmp_path / "explicit_provides"
    path.write_text(text, encoding="utf-8", newline="\n")
    assert prune.read_provides(str(path)) == names


def test_read_provides_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LivecdError, match="can't be read, so nothing is deleted"):
        prune.read_provides(str(tmp_path / "gone"))
