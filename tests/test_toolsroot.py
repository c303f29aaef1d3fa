"""The tools root: its key, one maker at a time, whole or not at all, and nothing of a killed run."""

from __future__ import annotations

import fcntl
import multiprocessing
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from livecd_rootfs import mmdebstrap, tools, toolsroot
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.toolsroot import Request


def request(cache: Path, *machines: str, suite: str = "trixie") -> Request:
    return Request(cache=cache, suite=suite, architecture="amd64", machines=machines)


def test_the_key_tells_apart_what_has_other_content() -> None:
    plain = request(Path("/cache"))
    assert plain.key == request(Path("/elsewhere"), "amd64").key
    assert plain.key != request(Path("/cache"), "arm64").key
    assert plain.key != request(Path("/cache"), suite="sid").key
    assert plain.root == Path("/cache/tools") / plain.key


def test_caches_may_share_a_folder_through_a_link(tmp_path: Path) -> None:
    """A sandbox shows only the place itself writable, not whatever else leads there."""
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "shared/tools").mkdir(parents=True)
    (own / "tools").symlink_to(tmp_path / "shared/tools")
    assert request(own).root == request(tmp_path / "shared").root


def test_the_bootstrap_unpacks_and_leaves_recommendations_out() -> None:
    asked = toolsroot.bootstrap_request(request(Path("/cache"), "arm64"), Path("/cache/new"))
    assert asked.variant == "extract"
    assert {"e2fsprogs", "qemu-system-x86", "ovmf", "qemu-efi-aarch64"} <= set(asked.packages)
    assert 'APT::Install-Recommends "false"' in asked.apt_options


def test_every_tool_is_in_the_root_for_its_machine() -> None:
    packages = set(request(Path("/cache"), "arm64").packages)
    assert {tool.package for tool in tools.TOOLS.values()} <= packages


Maker = Callable[[mmdebstrap.Request], None]


@pytest.fixture
def made_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Maker], None]:
    """Replaces the bootstrap, which needs the network and time."""

    def replace(maker: Maker) -> None:
        def bootstrap(
            asked: mmdebstrap.Request, *, environ: Mapping[str, str], on_line: Callable[[str], None]
        ) -> None:
            assert environ == {"http_proxy": "http://127.0.0.1:9"}
            on_line("I: extracting archives...")
            maker(asked)

        monkeypatch.setattr(mmdebstrap, "bootstrap", bootstrap)

    return replace


def fill(asked: mmdebstrap.Request) -> None:
    (asked.target / "etc").mkdir(parents=True)
    (asked.target / "etc/hostname").write_text("builder\n")
    (asked.target / "usr/share/doc/zstd").mkdir(parents=True)
    (asked.target / "usr/share/OVMF").mkdir(parents=True)


def ensure(cache: Path, said: list[str]) -> Path:
    environ = {"http_proxy": "http://127.0.0.1:9"}
    return toolsroot.ensure(request(cache), environ=environ, progress=said.append)


def test_it_is_made_once(tmp_path: Path, made_by: Callable[[Maker], None]) -> None:
    made_by(fill)
    said: list[str] = []
    assert toolsroot.find(request(tmp_path)) is None
    root = ensure(tmp_path, said)
    assert said == ["tools root: extracting archives"]
    assert ensure(tmp_path, said) == toolsroot.find(request(tmp_path)) == root
    assert len(said) == 1


def test_what_no_tool_reads_is_left_out(tmp_path: Path, made_by: Callable[[Maker], None]) -> None:
    made_by(fill)
    root = ensure(tmp_path, [])
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())
    assert found == ["digest", "etc/group", "etc/nsswitch.conf", "etc/passwd"]
    assert [path.name for path in (root / "usr/share").iterdir()] == ["OVMF"]


def test_a_failure_leaves_nothing_but_the_lock(
    tmp_path: Path, made_by: Callable[[Maker], None]
) -> None:
    def fail(asked: mmdebstrap.Request) -> None:
        fill(asked)
        raise LivecdError("the archive can't be reached")

    made_by(fail)
    with pytest.raises(LivecdError, match="can't be reached"):
        ensure(tmp_path, [])
    assert names(tmp_path) == [f"{request(tmp_path).key}.lock"]


def test_the_rest_of_a_killed_run_is_removed(
    tmp_path: Path, made_by: Callable[[Maker], None]
) -> None:
    made_by(fill)
    key = request(tmp_path).key
    for stale in (key, "0123", "held"):
        (tmp_path / f"tools/{stale}.staging/usr/half").mkdir(parents=True)
    with (tmp_path / "tools/held.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not (ensure(tmp_path, []) / "usr/half").exists()
    left = {key, f"{key}.lock", "0123.lock", "held.lock", "held.staging"}
    assert set(names(tmp_path)) == left


@pytest.mark.root
def test_a_rest_with_a_mount_in_it_is_not_touched(
    tmp_path: Path, made_by: Callable[[Maker], None]
) -> None:
    made_by(fill)
    inside = tmp_path / f"tools/{request(tmp_path).key}.staging/dev"
    inside.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", inside], check=True)
    try:
        (inside / "precious").touch()
        with pytest.raises(LivecdError, match="something is mounted in it"):
            ensure(tmp_path, [])
        assert (inside / "precious").exists()
    finally:
        subprocess.run(["umount", inside], check=True)


def test_of_two_processes_one_makes_it_and_the_other_waits(
    tmp_path: Path, made_by: Callable[[Maker], None]
) -> None:
    def slowly(asked: mmdebstrap.Request) -> None:
        with (tmp_path / "makers").open("a") as makers:
            makers.write("made\n")
        time.sleep(0.5)
        fill(asked)

    made_by(slowly)
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=ensure, args=(tmp_path, [])) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert (tmp_path / "makers").read_text() == "made\n"


def test_a_cache_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(LivecdError, match="the cache can't be written") as failure:
        ensure(tmp_path / "cache", [])
    assert failure.value.remedy == "choose another place with --cache"


def names(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "tools").iterdir())


def test_what_was_made_has_a_digest_of_its_content(
    tmp_path: Path, made_by: Callable[[Maker], None]
) -> None:
    """The archive gives other versions at other times, for the same request."""

    def older(asked: mmdebstrap.Request) -> None:
        fill(asked)
        (asked.target / "etc/version").write_text("1\n")

    assert toolsroot.digest(request(tmp_path / "one")) is None
    for folder, maker in (("one", fill), ("two", fill), ("three", older)):
        made_by(maker)
        ensure(tmp_path / folder, [])
    one, two, three = (
        toolsroot.digest(request(tmp_path / folder)) for folder in ("one", "two", "three")
    )
    assert one is not None
    assert one == two != three
