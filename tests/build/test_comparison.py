"""Two builds' layers compared: where they differ, and whether that is left in the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from livecd_rootfs.build import comparison
from livecd_rootfs.build.comparison import Difference
from livecd_rootfs.layers.layer import Layer
from livecd_rootfs.layers.store import Store
from tests.layers.steps import Step, build, write

STAMP = "chroot/etc/stamp"


def made(folder: Path, steps: Mapping[str, Step]) -> tuple[Layer, ...]:
    """The layers of one build, on a root with two folders."""
    with build(Store.open(folder), folder / "slot") as run:
        run.step("root", lambda top: (top / STAMP).parent.mkdir(parents=True))
        for name, step in steps.items():
            run.step(name, step)
        return tuple(run.chain)


def rename_over(name: str) -> Step:
    """Replace a file as careful programs do."""

    def step(top: Path) -> None:
        (top / "new").write_text("settled")
        (top / "new").rename(top / name)

    return step


def replace_folder(top: Path) -> None:
    shutil.rmtree(top / "chroot/etc")
    (top / "chroot/etc").mkdir()


def to_file(top: Path) -> None:
    shutil.rmtree(top / "chroot/etc")
    (top / "chroot/etc").write_text("")


LATER: dict[str, tuple[Step, bool]] = {
    "another file": (write("chroot/etc/other", "x"), True),
    "the same file": (write(STAMP, "settled"), False),
    "renamed over": (rename_over(STAMP), False),
    "removed": (lambda top: (top / STAMP).unlink(), False),
    "its folder replaced": (replace_folder, False),
    "its folder made a file": (to_file, False),
    "its mode changed": (lambda top: (top / STAMP).chmod(0o600), True),
}


@pytest.mark.root
@pytest.mark.parametrize("case", LATER)
def test_a_difference_stays_unless_a_later_step_ends_it(tmp_path: Path, case: str) -> None:
    step, stays = LATER[case]
    first = made(tmp_path / "a", {"one": write(STAMP, "1"), "two": step})
    second = made(tmp_path / "b", {"one": write(STAMP, "2"), "two": step})
    assert any(each.stays for each in comparison.compare(first, second)) is stays


@pytest.mark.root
def test_a_difference_has_its_place(tmp_path: Path) -> None:
    first, second = (made(tmp_path / text, {"one": write(STAMP, text)}) for text in "12")
    assert comparison.compare(first, second) == (
        Difference(
            step="one",
            place=STAMP,
            what="content",
            stays=True,
            paths=(first[1].diff / STAMP, second[1].diff / STAMP),
        ),
    )


@pytest.mark.root
def test_equal_builds_have_no_differences(tmp_path: Path) -> None:
    steps = {"one": write(STAMP, "1"), "two": write(STAMP, "2")}
    assert not comparison.compare(made(tmp_path / "a", steps), made(tmp_path / "b", steps))


@pytest.mark.root
def test_modes_and_files_that_only_one_has_are_differences(tmp_path: Path) -> None:
    def one(top: Path) -> None:
        write("chroot/etc/a", "")(top)
        write("chroot/etc/b", "")(top)

    def other(top: Path) -> None:
        write("chroot/etc/a", "")(top)
        (top / "chroot/etc/a").chmod(0o600)

    found = comparison.compare(made(tmp_path / "a", {"x": one}), made(tmp_path / "b", {"x": other}))
    assert [(each.place, each.what) for each in found] == [
        ("chroot/etc/a", "mode"),
        ("chroot/etc/b", "only in the first"),
    ]


@pytest.mark.root
@pytest.mark.parametrize(("text", "finds"), [("1", []), ("2", [("rootfs.dir/etc/x", "content")])])
def test_overlays_that_steps_leave_are_compared(
    tmp_path: Path, text: str, finds: list[tuple[str, str]]
) -> None:
    layers = made(tmp_path / "a", {}), made(tmp_path / "b", {})
    for (layer,), content in zip(layers, ("1", text), strict=True):
        place = layer.overlays / "rootfs.dir/upper/etc"
        place.mkdir(parents=True)
        (place / "x").write_text(content)
    assert [(each.place, each.what) for each in comparison.compare(*layers)] == finds


@pytest.mark.root
def test_an_overlay_that_only_one_has_is_a_difference(tmp_path: Path) -> None:
    first, second = made(tmp_path / "a", {}), made(tmp_path / "b", {})
    (second[0].overlays / "rootfs.dir/upper").mkdir(parents=True)
    (found,) = comparison.compare(first, second)
    assert (found.place, found.what) == (".", "overlays, only in the second")


def unlike(folder: Path, one: bytes, other: bytes) -> Difference:
    paths = folder / "one", folder / "other"
    for path, data in zip(paths, (one, other), strict=True):
        path.write_bytes(data)
    return Difference(step="x", place="x", what="content", stays=True, paths=paths)


@pytest.mark.parametrize(
    ("one", "other", "lines"),
    [
        (b"a\nb\n", b"a\nc\n", ("--- first", "+++ second", "@@ -2 +2 @@", "-b", "+c")),
        (b"\xff", b"\xfe", ()),
        (b"a" * 70000, b"b" * 70000, ()),
    ],
    ids=["text", "no text", "too much"],
)
def test_what_is_inside_without_diffoscope(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one: bytes,
    other: bytes,
    lines: tuple[str, ...],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert comparison.inside(unlike(tmp_path, one, other)) == lines


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    found = unlike(tmp_path, b"a", b"b")
    found.paths[0].unlink()
    found.paths[0].symlink_to(os.devnull)
    assert comparison.inside(found) == ()


SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "it tells": ('#!/bin/sh\necho "$1 $2"; echo "${4##*/} ${5##*/}"; exit 1\n',
                 ("--no-progress --text-color=never", "one other")),
    "it fails": ("#!/bin/sh\necho cannot >&2; exit 2\n", ("cannot",)),
    "it takes too long": ("#!/bin/sh\nexec sleep 60\n",
                          ("diffoscope did not end within 0.2 s",)),
}  # fmt: skip


@pytest.fixture
def diffoscope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a script in place of the real one, which is far too big for a test."""

    def install(script: str) -> None:
        program = tmp_path / "bin" / "diffoscope"
        program.parent.mkdir()
        program.write_text(script)
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return install


@pytest.mark.parametrize("case", SCRIPTS)
def test_what_diffoscope_tells(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    diffoscope: Callable[[str], None],
    case: str,
) -> None:
    script, lines = SCRIPTS[case]
    diffoscope(script)
    monkeypatch.setattr(comparison, "DIFFOSCOPE_SECONDS", 0.2 if "long" in case else 20)
    assert comparison.inside(unlike(tmp_path, b"a", b"b")) == lines
