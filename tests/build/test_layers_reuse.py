"""What runs again and what does not, and why: whole builds, after one thing has changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from livecd_rootfs.layers import inputs
from tests.build import layered
from tests.build.conftest import Command, Tree

pytestmark = pytest.mark.root

# Two targets with two steps in common; the third step of each is its own.
FILES = {
    "chroot/010-first.chroot": "#!/bin/sh\n# hook: env=FLAVOUR\necho $FLAVOUR > /root/flavour\n",
    "base/series/one": "base/disk.binary\nbase/one.binary\nprovides ${PREFIX}.one\n",
    "base/series/two": "base/disk.binary\nbase/two.binary\nprovides ${PREFIX}.two\n",
    "base/disk.binary": "#!/bin/sh\n# hook: inputs=base/data env=SUITE\n"
    "cat config/hooks.d/base/data/text > disk\n",
    "base/data/text": "beside\n",
    "base/one.binary": "#!/bin/sh\n# hook: inputs=\n"
    "touch disk\ncat disk chroot/root/flavour > livecd.test.one\n",
    "base/two.binary": "#!/usr/bin/env python3\nfrom pathlib import Path\n"
    "from livecd_rootfs import units\n"
    "Path('livecd.test.two').write_text(units.duration(3))\n",
}
ALL = {
    "base directory",
    "chroot/010-first.chroot",
    "base/disk.binary",
    "base/one.binary",
    "base/two.binary",
}


@pytest.fixture
def built(tree: Tree, command: Command) -> Path:
    """The hooks.d of a run that has made all layers."""
    folder = tree(FILES)
    said = layered.events(command, "one", "two", FLAVOUR="lemon")
    assert set(layered.ran(said)) == ALL
    assert all(why == ["it never ran before"] for why in layered.ran(said).values())
    return folder


def again(command: Command, **environ: str) -> dict[str, list[str]]:
    return layered.ran(layered.events(command, "one", "two", **{"FLAVOUR": "lemon", **environ}))


@pytest.mark.usefixtures("built")
def test_nothing_has_changed_and_nothing_runs(command: Command) -> None:
    before = layered.artifacts(command.output)
    for path in command.output.iterdir():
        path.unlink()
    said = layered.events(command, "one", "two", FLAVOUR="lemon")
    assert layered.ran(said) == {}
    assert set(layered.reused(said)) == ALL
    assert layered.artifacts(command.output) == before


@pytest.mark.usefixtures("built")
def test_another_target_of_the_same_steps_runs_its_own_alone(command: Command, tree: Tree) -> None:
    tree({
        "base/series/three": "depends one\nbase/three.binary\nprovides ${PREFIX}.three\n",
        "base/three.binary": "#!/bin/sh\n# hook: inputs=\ntouch livecd.test.three\n",
    })  # fmt: skip
    said = layered.events(command, "three", FLAVOUR="lemon")
    assert layered.ran(said) == {"base/three.binary": ["it never ran before"]}


def text(name: str, new: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(new)


AFTER_FIRST = "the step before it changed: chroot/010-first.chroot"
AFTER_DISK = "the step before it changed: base/disk.binary"
CHANGES: dict[str, tuple[Callable[[Path], object], dict[str, list[str]]]] = {
    "the bytes of a late hook": (
        text("base/one.binary", FILES["base/one.binary"] + "# more\n"),
        {"base/one.binary": ["hook bytes base/one.binary changed"]},
    ),
    "the mode of a hook": (
        lambda folder: (folder / "base/one.binary").chmod(0o700),
        {"base/one.binary": ["hook mode base/one.binary was '0755', is '0700'"]},
    ),
    "a support file": (
        text("base/data/text", "other\n"),
        {
            "base/disk.binary": ["support file base/data/text changed"],
            "base/one.binary": [AFTER_DISK],
            "base/two.binary": ["support file base/data/text changed", AFTER_DISK],
        },
    ),
    "a header": (
        text("base/one.binary", FILES["base/one.binary"].replace("inputs=", "inputs= network=no")),
        {
            "base/one.binary": [
                "hook bytes base/one.binary changed",
                "setting network was 'yes', is 'no'",
            ]
        },
    ),
    "the hook that all begin with": (
        text("chroot/010-first.chroot", FILES["chroot/010-first.chroot"] + "# more\n"),
        {
            "chroot/010-first.chroot": ["hook bytes chroot/010-first.chroot changed"],
            "base/disk.binary": [AFTER_FIRST],
            "base/one.binary": [AFTER_DISK],
            "base/two.binary": [AFTER_DISK],
        },
    ),
    "the order": (
        text("base/series/one", "base/one.binary\nbase/disk.binary\nprovides ${PREFIX}.one\n"),
        {
            "base/one.binary": [
                "the step before it was base/disk.binary, is chroot/010-first.chroot"
            ],
            "base/disk.binary": [
                "the step before it was chroot/010-first.chroot, is base/one.binary"
            ],
        },
    ),
    "a comment in a series file": (
        text("base/series/one", "# comment\n" + FILES["base/series/one"]),
        {},
    ),
    "a file that no hook may read": (text("README", "nobody's\n"), {}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_one_thing_changes(built: Path, command: Command, what: str) -> None:
    """Only what depends on it runs again, and says why."""
    change, expected = CHANGES[what]
    change(built)
    assert again(command) == expected


@pytest.mark.usefixtures("built")
def test_a_variable_changes_that_one_hook_declares(command: Command) -> None:
    ran = again(command, FLAVOUR="lime", FOREIGN="nobody's")
    assert ran["chroot/010-first.chroot"] == ["variable FLAVOUR was 'lemon', is 'lime'"]
    assert set(ran) == ALL - {"base directory"}
    assert (command.output / "livecd.test.one").read_text() == "beside\nlime\n"


@pytest.mark.usefixtures("built")
def test_a_setting_changes_that_a_hook_without_a_header_sees(command: Command) -> None:
    assert again(command, IMAGE_SIZE="9G") == {
        name: ["variable IMAGE_SIZE was '', is '9G'"]
        for name in ("base/one.binary", "base/two.binary")
    }


def test_a_module_changes_that_one_hook_imports(tree: Tree, command: Command) -> None:
    """The package is not changed under running tests: a copy of it is."""
    tree(FILES)
    package = command.folder / "package"
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(inputs.PACKAGE, package / "livecd_rootfs", ignore=left_out)
    assert set(again(command, PYTHONPATH=str(package))) == ALL
    module = package / "livecd_rootfs" / "units.py"
    module.write_text(module.read_text() + "# more\n")
    assert again(command, PYTHONPATH=str(package)) == {
        "base/two.binary": ["module livecd_rootfs.units changed"],
    }
