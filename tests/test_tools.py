"""Which tool runs, why that one, and what it sees when it is the tools root's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from livecd_rootfs import mounts, tools
from livecd_rootfs.errors import UsageError
from livecd_rootfs.tools import Host, Mode, Root, Toolbox, ToolError
from tests.build.conftest import tiny_root

__all__ = ["tiny_root"]

ANSWERS = {
    "mke2fs 1.47.2 (1-Jan-2025)\n\tUsing EXT2FS Library version 1.47.2\n": (1, 47, 2),
    "mcopy (GNU mtools) 4.0.32\nconfigured with\n": (4, 0, 32),
    "mksquashfs version 4.5.1 (2022/03/17)\n": (4, 5, 1),
    "QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)\n": (10, 0, 13),
    "systemd 257 (257.13-1~deb13u1)\n+PAM +AUDIT\n": (257, 13),
    "*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***\n": (1, 5, 4),
    "GPT fdisk (sgdisk) version 1.0.9\n": (1, 0, 9),
    "Usage: mkfs.vfat [OPTIONS] TARGET [BLOCKS]\n": (),
}


@pytest.mark.parametrize(("answer", "version"), ANSWERS.items())
def test_the_version_in_a_tool_s_answer(answer: str, version: tools.Version) -> None:
    assert tools.version_in(answer) == version


def test_every_minimum_says_what_older_ones_lack() -> None:
    assert {
        tool.name for tool in tools.TOOLS.values() if tool.minimum and not tool.because
    } == set()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with nothing but what the test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(tools, "_SYSTEM_DIRECTORIES", ())
    return folder


def install(folder: Path, name: str, answer: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "usr/sbin").mkdir(parents=True)
    install(folder / "usr/sbin", "mke2fs", "mke2fs 1.47.2")
    return folder


def test_a_fit_tool_of_the_host_is_taken(host: Path, root: Path) -> None:
    program = install(host, "mke2fs", "mke2fs 1.47.1")
    assert Toolbox(root=root).where("mke2fs") == Host(
        path=program, reason="the host has mke2fs 1.47.1"
    )


def test_an_old_tool_is_replaced_by_that_of_the_tools_root(host: Path, root: Path) -> None:
    install(host, "mke2fs", "mke2fs 1.47.0")
    assert Toolbox(root=root).where("mke2fs") == Root(
        directory=root,
        path=Path("/usr/sbin/mke2fs"),
        reason="mke2fs 1.47.0 is older than 1.47.1, which ignores SOURCE_DATE_EPOCH",
    )


def test_for_reading_an_old_tool_will_do(host: Path, root: Path) -> None:
    toolbox = Toolbox(root=root, any_version=True)
    program = install(host, "mke2fs", "mke2fs 1.47.0")
    assert toolbox.where("mke2fs") == Host(path=program, reason="the host has mke2fs 1.47.0")
    assert toolbox.needs_root(["mke2fs", "debugfs"]) == {
        "debugfs": "the host has no debugfs (package e2fsprogs)"
    }


@pytest.mark.usefixtures("host")
def test_a_missing_tool_is_replaced_too(root: Path) -> None:
    found = Toolbox(root=root).where("mke2fs")
    assert found.reason == "the host has no mke2fs (package e2fsprogs)"


def test_mode_root_asks_the_host_for_nothing(host: Path, root: Path) -> None:
    install(host, "mke2fs", "mke2fs 1.47.1")
    assert isinstance(Toolbox(mode=Mode.ROOT, root=root).where("mke2fs"), Root)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "the host has no mke2fs (package e2fsprogs)"),
        (
            "mke2fs 1.47.0",
            "mke2fs 1.47.0 is older than 1.47.1, which ignores SOURCE_DATE_EPOCH",
        ),
    ],
)
def test_mode_host_names_the_package(host: Path, root: Path, answer: str, why: str) -> None:
    if answer:
        install(host, "mke2fs", answer)
    with pytest.raises(ToolError, match="the host lacks a fit 'mke2fs'") as failure:
        Toolbox(mode=Mode.HOST, root=root).where("mke2fs")
    assert failure.value.why == why
    assert failure.value.remedy == "apt-get install e2fsprogs, or choose `--tools auto`"


@pytest.mark.usefixtures("host")
def test_without_a_tools_root_the_message_says_how_to_make_it(tmp_path: Path) -> None:
    for directory, where in ((None, "none is known"), (tmp_path / "no", f"{tmp_path}/no does not")):
        with pytest.raises(ToolError, match="must come from the tools root") as failure:
            Toolbox(root=directory).where("sgdisk")
        assert where in (failure.value.why or "")
        assert "livecd-rootfs tools" in (failure.value.remedy or "")
        assert "apt-get install gdisk" in (failure.value.remedy or "")


@pytest.mark.usefixtures("host")
def test_a_tools_root_without_the_tool_says_so(root: Path) -> None:
    with pytest.raises(ToolError, match="the tools root lacks 'sgdisk'") as failure:
        Toolbox(root=root).where("sgdisk")
    assert "without the package gdisk" in (failure.value.why or "")


def test_an_unknown_tool_brings_the_nearest_to_mind() -> None:
    with pytest.raises(UsageError, match="no tool is called 'mksquasfs'") as failure:
        Toolbox().where("mksquasfs")
    assert failure.value.remedy == "did you mean 'mksquashfs'?"


def test_which_tools_need_the_root(host: Path) -> None:
    install(host, "mke2fs", "mke2fs 1.47.1")
    install(host, "qemu-img", "qemu-img version 4.2.1")
    wanted = ("mke2fs", "qemu-img", "zstd")
    assert Toolbox().needs_root(wanted) == {
        "qemu-img": "qemu-img 4.2.1 is older than 5.1, which lacks zstd",
        "zstd": "the host has no zstd (package zstd)",
    }
    assert Toolbox(mode=Mode.HOST).needs_root(wanted) == {}
    assert set(Toolbox(mode=Mode.ROOT).needs_root(wanted)) == set(wanted)


@pytest.mark.parametrize(
    "toolbox",
    [Toolbox(), Toolbox(mode=Mode.ROOT, root=Path("/srv/tools")), Toolbox(mode=Mode.HOST)],
)
def test_the_environment_carries_a_toolbox_over(toolbox: Toolbox) -> None:
    assert Toolbox.from_environment(toolbox.environment()) == toolbox


def test_an_unknown_mode_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="'guest' is no place for tools") as failure:
        Toolbox.from_environment({"LIVECD_TOOLS": "guest"})
    assert failure.value.remedy == "one of auto, host, root"


def test_what_a_tool_of_the_tools_root_sees(tmp_path: Path) -> None:
    for name in ("usr", "etc", "var", "boot", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin").symlink_to("usr/bin")
    seen = tools.enter(
        tmp_path,
        env={"LANG": "C.UTF-8", "PATH": "/opt/bin"},
        cwd=Path("/work/build"),
        bind=(Path("/scratch"),),
        show=(Path("/images/a.img"), Path("/work/build")),
    )
    assert seen.cwd == "/work/build"
    assert seen.env == {"LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin"}
    assert seen.operations == (
        mounts.Link(target="/bin", to="usr/bin"),
        mounts.Bind(source=tmp_path / "etc", target="/etc"),
        mounts.Bind(source=tmp_path / "usr", target="/usr"),
        mounts.Bind(source=tmp_path / "var", target="/var"),
        mounts.Proc(),
        mounts.Devices(),
        mounts.Bind(source=Path("/sys"), target="/sys"),
        mounts.Tmpfs(target="/tmp", mode=0o1777),
        mounts.Tmpfs(target="/run"),
        mounts.Bind(source=Path("/images/a.img"), target="/images/a.img"),
        mounts.Bind(source=Path("/scratch"), target="/scratch", writable=True),
        mounts.Bind(source=Path("/work/build"), target="/work/build", writable=True),
    )


def test_what_lies_in_var_is_seen_there(tmp_path: Path) -> None:
    """The tools root's own /var can't be written, so nothing could be bound into it."""
    for name in ("usr", "var"):
        (tmp_path / name).mkdir()
    seen = tools.enter(tmp_path, env={}, cwd=Path("/var/tmp/x"))
    assert mounts.Tmpfs(target="/var") in seen.operations
    assert mounts.Bind(source=tmp_path / "var", target="/var") not in seen.operations


def test_a_tool_of_the_host_runs_where_it_is_told(host: Path, tmp_path: Path) -> None:
    program = install(host, "zstd", "unused")
    program.write_text("#!/bin/sh\npwd; echo $GREETING; read line; echo $line; exit 3\n")
    ended = Toolbox(mode=Mode.HOST).run(
        ("zstd",), cwd=tmp_path, env={"GREETING": "hello"}, stdin="typed\n", check=False
    )
    assert (ended.status, ended.stdout) == (3, f"{tmp_path}\nhello\ntyped\n")


@pytest.mark.root
def test_a_tool_of_the_tools_root_sees_its_directory_and_little_else(
    tiny_root: Path, tmp_path: Path
) -> None:
    root, build = tmp_path / "root", tmp_path / "build"
    shutil.copytree(tiny_root, root, symlinks=True)
    (root / "usr/bin/zstd").write_text('#!/bin/sh\nls "$1"; echo $$ > made; echo 2>&- > "$2"\n')
    (root / "usr/bin/zstd").chmod(0o755)
    build.mkdir()
    for name in ("hidden", "shown"):
        (tmp_path / name).touch()
    toolbox = Toolbox(mode=Mode.ROOT, root=root)
    words = ("zstd", tmp_path, tmp_path / "shown")
    ended = toolbox.run(words, cwd=build, show=(tmp_path / "shown",), check=False)
    assert ended.stdout == "build\nshown\n"
    assert (build / "made").read_text() == "2\n"
    assert ended.status != 0, "what is shown can't be written"
