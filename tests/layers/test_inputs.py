"""What a hook may read is in its parts, and what it can't is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import key
from livecd_rootfs.layers.inputs import Inputs
from livecd_rootfs.layers.key import Part, PartKind, Recipe
from tests.trees import plant

HOOK = "base/disk.binary"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    plant(tmp_path / "outside", {"shared.txt": "shared\n", "folder/file": "deep\n"})
    tree = plant(
        tmp_path / "hooks.d",
        {
            HOOK: "#!/bin/sh\n",
            "base/other.binary": "#!/bin/sh\n",
            "base/series/disk": "base/disk.binary\n",
            "base/data/ovf.xml": "<ovf/>\n",
            "base/data/helper": "#!/bin/sh\n",
            "base/data/__pycache__/x.pyc": "",
            "extra/data/ovf.xml": "<ovf/>\n",
            "chroot/010-locale.chroot": "#!/bin/sh\n",
        },
    )
    (tree / "base/link").symlink_to("data/ovf.xml")
    (tree / "base/out").symlink_to(tmp_path / "outside/shared.txt")
    (tree / "base/outside").symlink_to(tmp_path / "outside/folder")
    (tree / "base/dangling").symlink_to("nowhere")
    return tree


def test_a_hook_that_is_a_link_finds_its_data_elsewhere(tree: Path) -> None:
    (tree / "base/linked.binary").symlink_to("../extra/hook.binary")
    (tree / "extra/hook.binary").touch()
    parts = Inputs(tree).of_hook("base/linked.binary", ())
    assert parts[-1].name == "base/linked.binary (link)"
    assert parts[-1].text == "link to ../extra/hook.binary"
    key.key(Recipe(parent=None, kind="binary", name="base/linked.binary", parts=parts))


def named(parts: tuple[Part, ...]) -> list[tuple[str, str]]:
    return [(part.kind.name, part.name) for part in parts]


OWN = [("HOOK", HOOK), ("MODE", HOOK)]


def test_without_a_header_it_is_what_lies_in_the_folder_but_hooks_and_series(tree: Path) -> None:
    assert named(Inputs(tree).of_hook(HOOK, None)) == [
        *OWN,
        ("SUPPORT", "base/"),
        ("SUPPORT", "base/dangling"),
        ("SUPPORT", "base/data/"),
        ("SUPPORT", "base/data/helper"),
        ("SUPPORT", "base/data/ovf.xml"),
        ("SUPPORT", "base/link"),
        ("SUPPORT", "base/out"),
        ("SUPPORT", "base/out (content)"),
        ("SUPPORT", "base/outside"),
        ("SUPPORT", "base/outside/file"),
    ]


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        ((), []),
        (("base/data/ovf.xml",), ["base/data/ovf.xml"]),
        (("base/data",), ["base/data/", "base/data/helper", "base/data/ovf.xml"]),
        (("extra/data/ovf.xml", "extra/data/ovf.xml"), ["extra/data/ovf.xml"]),
        (("base/other.binary",), ["base/other.binary"]),
        (
            ("base/data", "base/data/helper", HOOK),
            ["base/data/", "base/data/helper", "base/data/ovf.xml", HOOK],
        ),
        (("base/dangling",), ["base/dangling"]),
    ],
)
def test_a_header_says_what_it_is(tree: Path, declared: tuple[str, ...], names: list[str]) -> None:
    parts = Inputs(tree).of_hook(HOOK, declared)
    key.key(Recipe(parent=None, kind="binary", name=HOOK, parts=parts))
    assert named(parts) == [*OWN, *(("SUPPORT", name) for name in names)]


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "the hook": (lambda tree: (tree / HOOK).write_text("#!/bin/bash\n"), [HOOK]),
    "its mode": (lambda tree: (tree / HOOK).chmod(0o700), [HOOK]),
    "a support file": (
        lambda tree: (tree / "base/data/ovf.xml").write_text("<x/>"),
        ["base/data/ovf.xml"],
    ),
    "the mode of one": (
        lambda tree: (tree / "base/data/helper").chmod(0o600),
        ["base/data/helper"],
    ),
    "what a link leads to outside": (
        lambda tree: (tree / "../outside/shared.txt").write_text("x"),
        ["base/out (content)"],
    ),
    "a file in a folder outside": (
        lambda tree: (tree / "../outside/folder/file").write_text("x"),
        ["base/outside/file"],
    ),
    "another hook": (lambda tree: (tree / "base/other.binary").write_text("x"), []),
    "a series file": (lambda tree: (tree / "base/series/disk").write_text("x"), []),
    "another folder": (lambda tree: (tree / "extra/data/ovf.xml").write_text("x"), []),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_shows_in_the_part_that_changed(tree: Path, what: str) -> None:
    before = Inputs(tree).of_hook(HOOK, None)
    change, names = CHANGES[what]
    change(tree)
    after = Inputs(tree).of_hook(HOOK, None)
    assert named(before) == named(after)
    assert [new.name for old, new in zip(before, after, strict=True) if old != new] == names


@pytest.mark.parametrize("name", ["base/none", "../outside/shared.txt", "/etc/fstab"])
def test_an_input_that_is_not_in_the_tree_is_refused(tree: Path, name: str) -> None:
    with pytest.raises(LivecdError) as caught:
        Inputs(tree).of_hook(HOOK, (name,))
    assert caught.value.message == f"{HOOK} declares the input '{name}', which is not there"
    assert caught.value.place == str(tree / HOOK)


def test_a_hook_that_is_not_there_is_told(tree: Path) -> None:
    with pytest.raises(LivecdError, match="the inputs of base/none can't be read") as caught:
        Inputs(tree).of_hook("base/none", None)
    assert caught.value.place == str(tree / "base/none")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "errors.py": "",
        "steps/__init__.py": "",
        "steps/disk.py": "from livecd_rootfs.errors import E\nimport os\n",
        "steps/unused.py": "",
    }
    return plant(tmp_path / "livecd_rootfs", files)


MODULES = ["livecd_rootfs", "livecd_rootfs.errors", "livecd_rootfs.steps"]


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        (
            "#!/usr/bin/env python3\nfrom livecd_rootfs.steps import disk\n",
            [*MODULES, "livecd_rootfs.steps.disk"],
        ),
        ("#!/usr/bin/python3\nimport os\n", []),
        ("#!/bin/sh\n# from livecd_rootfs.steps import disk\n", []),
        ("#!/usr/bin/python3\nfrom livecd_rootfs.steps import (\n", []),
    ],
)
def test_the_modules_that_a_hook_imports_are_its_bytes_too(
    tree: Path, package: Path, text: str, modules: list[str]
) -> None:
    (tree / HOOK).write_text(text)
    parts = Inputs(tree, package).of_hook(HOOK, ())
    assert [part.name for part in parts if part.kind is PartKind.MODULE] == modules


def test_the_hooks_of_this_project_depend_on_their_steps() -> None:
    tree = Path(__file__).parents[2] / "hooks.d"
    names = {part.name for part in Inputs(tree).of_hook("base/squashfs.binary", ())}
    assert {"livecd_rootfs.steps.squashfs", "livecd_rootfs.process"} <= names
    assert "livecd_rootfs.steps.qcow2" not in names
