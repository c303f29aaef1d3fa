"""One store and several who use it: processes at once, room that is made, damage, no room at all."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livecd_rootfs.layers import seal
from livecd_rootfs.layers.store import Store
from tests.build import layered
from tests.build.conftest import PACKAGE, Command, Tree

pytestmark = pytest.mark.root

SLOW = "#!/bin/sh\nsleep 0.2\n"
FILES = {
    "chroot/010-first.chroot": SLOW + "echo first > /root/first\n",
    "base/series/one": "base/second.binary\nbase/one.binary\nprovides ${PREFIX}.one\n",
    "base/series/two": "base/second.binary\nbase/two.binary\nprovides ${PREFIX}.two\n",
    "base/second.binary": SLOW + "cp chroot/root/first second\n",
    "base/one.binary": SLOW + "mv second livecd.test.one\n",
    "base/two.binary": SLOW + "mv second livecd.test.two\n",
}
SHARED = ("base directory", "chroot/010-first.chroot", "base/second.binary")


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ((("one",), ("one",)), (*SHARED, "base/one.binary")),
        ((("one",), ("two",)), (*SHARED, "base/one.binary", "base/two.binary")),
        ((("one", "two"), ("two", "one")), (*SHARED, "base/one.binary", "base/two.binary")),
    ],
)
def test_two_processes_run_each_step_once(
    tree: Tree, command: Command, targets: tuple[tuple[str, ...], ...], expected: tuple[str, ...]
) -> None:
    tree(FILES)
    both = [command.start(*words, "--progress", "json") for words in targets]
    said = [layered.parsed(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert Counter(name for each in said for name in layered.ran(each)) == Counter(expected)
    for name in {f"livecd.test.{word}" for words in targets for word in words}:
        assert (command.output / name).read_text() == "first\n"
    assert command.workspaces() == []


def cache(command: Command, *words: str) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, "-m", "livecd_rootfs", "cache", *words, "--cache", str(command.cache))
    return subprocess.run(
        argv, cwd=PACKAGE, capture_output=True, text=True, check=False, timeout=60
    )


def test_room_is_made_beside_a_build(tree: Tree, command: Command) -> None:
    """What it uses stays until it is over."""
    tree(FILES)
    process = command.start("one", "two")
    kept = 0
    while process.poll() is None:
        if (command.cache / "store" / "VERSION").exists():
            made_room = cache(command, "gc", "--max-size", "0")
            assert made_room.returncode == 0, made_room.stderr
            kept += made_room.stdout.count("which is in use")
        time.sleep(0.05)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert kept
    assert (command.output / "livecd.test.two").read_text() == "first\n"
    cache(command, "gc", "--max-size", "0")
    assert not Store.open(command.cache).layers()


def test_a_store_of_another_format_is_refused_in_one_line(tree: Tree, command: Command) -> None:
    tree(FILES)
    layered.events(command, "one")
    (command.cache / "store" / "VERSION").write_text("99\n")
    ended = command.run("one")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == (
        "livecd-rootfs: the layer store has format 99, and this version writes 1"
    )
    assert "--cache DIR" in ended.stderr


def test_a_damaged_layer_is_found_and_made_again(tree: Tree, command: Command) -> None:
    tree(FILES)
    layered.events(command, "one")
    before = layered.artifacts(command.output)
    assert "were sealed now" in cache(command, "verify").stdout
    store = Store.open(command.cache)
    seal.seal(store)
    (layer,) = (layer for layer in store.layers() if layer.name == "base/second.binary")
    (layer.diff / "second").write_text("damage\n")
    found = cache(command, "verify")
    assert found.returncode == 1
    assert found.stderr.splitlines()[:3] == [
        "livecd-rootfs: 2 of 4 layers are bad",
        *sorted(
            (
                f"  {layer.key[:12]} base/second.binary: its content has changed since it was made",
                *(
                    f"  {other.key[:12]} base/one.binary: a layer below it is gone or damaged"
                    for other in store.layers()
                    if other.name == "base/one.binary"
                ),
            )
        ),
    ]
    assert cache(command, "verify", "--repair").returncode == 0
    said = layered.events(command, "one")
    assert list(layered.ran(said)) == ["base/second.binary", "base/one.binary"]
    assert layered.artifacts(command.output) == before


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    subprocess.run(["mount", *options, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_read_only_store_serves_what_it_has(tree: Tree, command: Command) -> None:
    tree(FILES)
    layered.events(command, "one")
    (command.output / "livecd.test.one").unlink()
    with mounted(command.cache, "--bind", "-o", "ro", str(command.cache)):
        said = layered.events(command, "one")
        assert layered.ran(said) == {}
        assert (command.output / "livecd.test.one").read_text() == "first\n"
        ended = command.run("two")
        assert ended.returncode == 1
        assert ended.stderr == (
            "livecd-rootfs: the layer store is read-only, so no layer can be added to it\n"
            f"  at:   {command.cache}/store\n"
            "  help: choose another place with --cache DIR\n"
        )


def test_a_full_store_is_told_and_the_next_build_goes_on(tree: Tree, command: Command) -> None:
    big = "#!/bin/sh\ndd if=/dev/zero of=livecd.test.one bs=1M count=64 status=none\n"
    tree({**FILES, "base/one.binary": big})
    command.cache.mkdir()
    with mounted(command.cache, "-t", "tmpfs", "-o", "size=40m", "none"):
        ended = command.run("one", "two", "--jobs", "1")
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        assert "base/one.binary failed with status 1" in ended.stderr
        assert "no space left on the device of" in ended.stderr
        assert (command.output / "livecd.test.two").read_text() == "first\n"
        assert command.workspaces() == []
        assert not list((command.cache / "store" / "staging").iterdir())
        tree(FILES)
        assert list(layered.ran(layered.events(command, "one", "two"))) == ["base/one.binary"]


@pytest.mark.parametrize("inodes", range(8, 96, 8))
def test_wherever_there_is_no_room_it_is_told_and_nothing_is_left(
    tree: Tree, command: Command, inodes: int
) -> None:
    """Names run out at this or that moment: for folders, logs, hooks, layers."""
    tree(FILES)
    command.cache.mkdir()
    with mounted(command.cache, "-t", "tmpfs", "-o", f"size=100m,nr_inodes={inodes}", "none"):
        ended = command.run("one", "two")
        assert "Traceback" not in ended.stderr
        assert ended.returncode == (1 if ended.stderr else 0)
        for folder in ("builds", "store/staging"):
            path = command.cache / folder
            assert not path.is_dir() or not list(path.iterdir())
        mount = ["mount", "-o", "remount,nr_inodes=1000", str(command.cache)]
        subprocess.run(mount, check=True)
        layered.events(command, "one", "two")
