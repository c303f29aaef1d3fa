"""The store: layers appear whole, once, and are found again; what is cut short is gone."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.layers import gc, key, layer, lock, usage, verify
from livecd_rootfs.layers.store import Store
from tests.layers.steps import build, committed, never, recipe, staged, write


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def test_a_layer_is_found_by_its_key_and_holds_what_was_staged(store: Store) -> None:
    with store.lease() as lease, store.staging(None) as made:
        (made.diff / "file").write_text("content")
        made.keep_log(log := store.layout.path / "README")
        wanted = recipe("first")
        assert lease.find(key.key(wanted), None) is None
        layer = lease.commit(made, wanted, None, seconds=4.2)
        found = lease.find(key.key(wanted), None)
    assert found is not None
    assert found == layer
    assert (found.diff / "file").read_text() == "content"
    assert found.log.read_text() == log.read_text()
    assert (found.name, found.parent, found.meta.seconds) == ("first", None, 4.2)
    assert not found.overlays.exists()
    assert sorted(path.name for path in found.path.iterdir()) == ["diff", "log", "meta.json"]
    assert not staged(store)


def test_what_is_not_committed_is_gone(store: Store) -> None:
    with pytest.raises(FileNotFoundError), store.staging(None) as made:
        (made.diff / "file").rename(made.diff / "missing" / "file")
    assert not staged(store)
    assert not store.layers()


def test_a_layer_belongs_on_one_making_of_the_layer_before(store: Store) -> None:
    """Its own bytes may fit no other one, though that has the same key."""
    with store.lease() as lease:
        first, second = committed(lease, store, ["first", "second"])
        store.discard(first.key)
        (again,) = committed(lease, store, ["first"])
        assert again.key == first.key
        assert lease.find(second.key, first) == second
        assert lease.find(second.key, again) is None
        replaced = committed(lease, store, ["first", "second"])[1]
    assert store.find(second.key, again) == replaced
    assert not staged(store)


def test_a_layer_can_only_be_committed_after_the_one_in_its_key(store: Store) -> None:
    with store.lease() as lease:
        first, _ = committed(lease, store, ["first", "second"])
        with store.staging(None) as made, pytest.raises(ValueError, match="not made on first"):
            lease.commit(made, recipe("third", first), None, seconds=0)


def test_the_quicker_of_two_wins(store: Store) -> None:
    wanted = recipe("one")
    with store.lease() as lease, store.staging(None) as mine, store.staging(None) as yours:
        winner = lease.commit(yours, wanted, None, seconds=1)
        assert lease.commit(mine, wanted, None, seconds=2) == winner


BROKEN = {
    "no meta.json": lambda path: (path / layer.META).unlink(),
    "an empty meta.json": lambda path: (path / layer.META).write_text(""),
    "a meta.json of something else": lambda path: (path / layer.META).write_text('["format"]'),
    "another layer's": lambda path: (path / layer.META).write_text(
        (path / layer.META).read_text().replace('"first"', '"other"')
    ),
    "no diff": lambda path: (path / "diff").rename(path / "lost"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_layer_that_is_not_whole_is_not_found_and_is_made_again(store: Store, how: str) -> None:
    with store.lease() as lease:
        (first,) = committed(lease, store, ["first"])
        BROKEN[how](first.path)
        assert lease.find(first.key, None) is None
        (again,) = committed(lease, store, ["first"])
        assert lease.find(first.key, None) == again
    assert not staged(store)


def test_a_layer_without_a_seal_does_not_outlive_the_machine_s_start(tmp_path: Path) -> None:
    """Nothing waited for the disk, so a power cut may have cut it short."""
    store = Store.open(tmp_path)
    with store.lease() as lease:
        (first,) = committed(lease, store, ["first"])
    started_anew = Store(layout=store.layout, writable=True, boot="another")
    assert store.find(first.key, None) == first
    assert started_anew.find(first.key, None) is None
    (first.path / layer.SEAL).write_text("0" * 64)
    assert started_anew.find(first.key, None) == first


def test_the_rest_of_a_killed_run_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    dead = store.layout.staging / "layer-dead"
    (dead / "work" / "work").mkdir(parents=True)
    (dead / "work" / "work").chmod(0)
    with store.staging(None) as made:
        Store.open(tmp_path)
        assert staged(store) == [made.path]


def test_one_builds_and_the_other_waits(store: Store) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def other() -> None:
        with store.single_flight("a" * 64, waiting.set):
            order.append("second")

    thread = threading.Thread(target=other)
    with store.single_flight("a" * 64, never), store.single_flight("b" * 64, never):
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_lock_ends_with_its_holder_though_a_child_inherited_it(store: Store) -> None:
    """A child that never executes anything else keeps open files, close-on-exec or not."""
    reader, writer = os.pipe()
    with lock.opened(store.layout.used, writable=True) as file:
        assert file.try_take("a" * 64)
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    with lock.opened(store.layout.used, writable=True) as file:
        assert file.try_take("a" * 64)
    os.close(writer)
    os.waitpid(child, 0)
    os.close(reader)


def test_another_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.layout.version.write_text("99\n")
    with pytest.raises(LivecdError, match="has format 99, and this version writes 1") as caught:
        Store.open(tmp_path)
    assert caught.value.place == str(tmp_path / "store" / "VERSION")
    assert caught.value.remedy == (
        f"choose another place with --cache DIR, or remove {tmp_path}/store"
    )
    assert store.layout.layers.is_dir()


def test_a_store_explains_itself(store: Store) -> None:
    assert "layers/KEY/" in (store.layout.path / "README").read_text()
    assert store.layout.version.read_text() == "1\n"


def test_a_cache_that_can_t_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LivecdError, match="the layer store can't be used"):
        Store.open(tmp_path / "file")


@pytest.mark.root
def test_a_read_only_store_can_be_read(tmp_path: Path) -> None:
    with Store.open(tmp_path).lease() as lease:
        (first,) = committed(lease, Store.open(tmp_path), ["first"])
    subprocess.run(["mount", "--bind", "-o", "ro", tmp_path, tmp_path], check=True)
    try:
        store = Store.open(tmp_path)
        with store.lease() as lease:
            assert lease.find(first.key, None) == first
            with pytest.raises(LivecdError, match="the layer store is read-only"):
                store.single_flight(first.key, never).__enter__()
            with pytest.raises(LivecdError, match="the layer store is read-only"):
                store.staging(first).__enter__()
        with pytest.raises(LivecdError, match="the layer store is read-only"):
            gc.collect(store, gc.Limits(), now=0)
        with pytest.raises(LivecdError, match="the layer store is read-only"):
            verify.verify(store, repair=True)
        assert [row.layer for row in usage.rows(store)] == [first]
        assert len(verify.verify(store)) == 1
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.root
def test_a_full_store_says_so_and_stays_as_it_was(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "none", tmp_path], check=True)
    try:
        store = Store.open(tmp_path)
        with store.lease() as lease:
            (first,) = committed(lease, store, ["first"])
            with store.staging(first) as made:
                fill(made.diff / "big")
                with pytest.raises(LivecdError, match="no space left for the layer store") as full:
                    lease.commit(made, recipe("second", first), first, seconds=0)
            assert "cache gc" in str(full.value.remedy)
            assert not staged(store)
            assert store.layers() == (first,)
            committed(lease, store, ["first", "third"])
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def fill(path: Path) -> None:
    with path.open("wb") as file, pytest.raises(OSError, match="No space"):
        file.write(b"x" * (4 << 20))


@pytest.mark.root
@pytest.mark.parametrize("in_memory", [False, True])
def test_a_step_s_changes_are_the_layer(tmp_path: Path, *, in_memory: bool) -> None:
    store, room = Store.open(tmp_path), tmp_path / "room"
    room.mkdir()
    (tmp_path / "store/empty").chmod(0o751)
    with build(store, tmp_path / "slot") as run:
        run.step("one", write("a", "1"), room if in_memory else None)
        run.step("two", lambda root: (root / "a").rename(root / "b"))
        with run.merged() as merged:
            assert [path.name for path in merged.iterdir()] == ["b"]
            assert merged.stat().st_mode & 0o777 == 0o751
        assert [path.name for path in run.chain[0].diff.iterdir()] == ["a"]
        assert sorted(path.name for path in run.chain[1].diff.iterdir()) == ["a", "b"]
    with build(store, tmp_path / "slot") as again:
        again.step("one", write("a", "1"))
        again.step("two", write("b", "2"))
        assert not again.ran
    assert not staged(store)
    assert not list(room.iterdir())
