"""Streams between tools: what comes through, and what is told when one of them fails."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from livecd_rootfs.process import CommandError
from livecd_rootfs.steps import pipeline
from livecd_rootfs.steps.context import Context
from livecd_rootfs.steps.pipeline import Command
from livecd_rootfs.tools import Mode, Toolbox
from tests.steps.builds import made_context

MUCH = 3 * pipeline.CHUNK + 7
FULL = Path("/dev/full")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return made_context(tmp_path)


def pieces(*contents: bytes) -> Generator[bytes]:
    yield from contents


def test_what_one_writes_the_other_reads(context: Context, tmp_path: Path) -> None:
    content = os.urandom(MUCH)
    (tmp_path / "in").write_bytes(content)
    pipeline.consumed(context, ["cat"], pipeline.produced(context, ["cat", "in"]), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content


def test_a_file_comes_in_pieces(tmp_path: Path) -> None:
    content = os.urandom(MUCH)
    (tmp_path / "in").write_bytes(content)
    parts = list(pipeline.of_file(tmp_path / "in"))
    assert b"".join(parts) == content
    assert [len(part) for part in parts] == [pipeline.CHUNK] * 3 + [7]


def test_nothing_at_all(context: Context, tmp_path: Path) -> None:
    pipeline.consumed(context, ["cat"], pipeline.produced(context, ["true"]), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b""


def test_a_producer_that_fails_is_told_with_its_words(context: Context, tmp_path: Path) -> None:
    argv = ["sh", "-c", "echo half; echo broken >&2; exit 3"]
    with pytest.raises(CommandError, match="failed with status 3") as failure:
        pipeline.consumed(context, ["cat"], pipeline.produced(context, argv), tmp_path / "out")
    assert failure.value.notes == ("| broken",)


# Readers that end early, and what is told of them.
UNWILLING: Mapping[str, tuple[list[str], str]] = {
    "it fails at once": (["sh", "-c", "echo no >&2; exit 4"], "failed with status 4"),
    "it fails in the midst": (["sh", "-c", "head -c 9 >&2; exit 5"], "failed with status 5"),
    "it is killed": (["sh", "-c", "kill -9 $$"], "SIGKILL"),
}


@pytest.mark.parametrize("row", UNWILLING)
def test_a_reader_that_ends_early_is_told_not_the_writer(
    context: Context, tmp_path: Path, row: str
) -> None:
    argv, message = UNWILLING[row]
    endless = pipeline.produced(context, ["yes"])
    started = time.monotonic()
    with pytest.raises(CommandError, match=message):
        pipeline.consumed(context, argv, endless, tmp_path / "out")
    assert time.monotonic() - started < 10
    assert list(endless) == []


def test_a_full_disk_is_told(context: Context) -> None:
    with pytest.raises(CommandError) as failure:
        pipeline.consumed(context, ["cat"], pieces(bytes(MUCH)), FULL)
    assert "No space left on device" in failure.value.notes[-1]


def test_a_failure_between_the_two_ends_both(context: Context, tmp_path: Path) -> None:
    def faulty() -> Generator[bytes]:
        for piece in pipeline.produced(context, ["yes"]):
            yield piece
            raise ValueError("seen enough")

    with pytest.raises(ValueError, match="seen enough"):
        pipeline.consumed(context, ["sleep", "60"], faulty(), tmp_path / "out")


def command(*argv: str) -> Command:
    return Command(argv=argv)


@pytest.mark.parametrize("looked", [False, True])
def test_two_tools_work_while_the_block_does(
    context: Context, tmp_path: Path, *, looked: bool
) -> None:
    content = os.urandom(MUCH)
    (tmp_path / "in").write_bytes(content)
    (tmp_path / "out").write_bytes(b"head")
    seen: list[bytes] = []
    # The first one waits for what the block does.
    patient = command("sh", "-c", "until [ -e go ]; do sleep 0.01; done; cat in")
    look = seen.append if looked else None
    with (
        (tmp_path / "out").open("ab", buffering=0) as output,
        pipeline.joined(context, patient, command("cat"), output, look=look),
    ):
        (tmp_path / "go").touch()
    assert (tmp_path / "out").read_bytes() == b"head" + content
    assert b"".join(seen) == (content if looked else b"")


# Two tools, and what is told of them.
BROKEN: Mapping[str, tuple[Command, Command, str]] = {
    "the writer": (command("sh", "-c", "echo half; exit 3"), command("cat"), "status 3"),
    "the reader": (command("sleep", "60"), command("sh", "-c", "exit 4"), "status 4"),
    "both": (command("yes"), command("sh", "-c", "head -c 9; exit 5"), "status 5"),
}


@pytest.mark.parametrize("looked", [False, True])
@pytest.mark.parametrize("row", BROKEN)
def test_which_of_two_tools_has_failed(
    context: Context, tmp_path: Path, row: str, *, looked: bool
) -> None:
    first, second, message = BROKEN[row]
    look = (lambda _: None) if looked else None
    started = time.monotonic()
    with (
        (tmp_path / "out").open("wb", buffering=0) as output,
        pytest.raises(CommandError, match=message),
        pipeline.joined(context, first, second, output, look=look),
    ):
        pass
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("looked", [False, True])
def test_a_failure_of_the_block_ends_both(
    context: Context, tmp_path: Path, *, looked: bool
) -> None:
    look = (lambda _: None) if looked else None
    started = time.monotonic()
    with (
        (tmp_path / "out").open("wb", buffering=0) as output,
        pytest.raises(ValueError, match="no more"),
        pipeline.joined(context, command("sleep", "60"), command("cat"), output, look=look),
    ):
        raise ValueError("no more")
    assert time.monotonic() - started < 10


def test_a_tool_beside_the_block(context: Context, tmp_path: Path) -> None:
    with pipeline.beside(context, ["sh", "-c", "until [ -e go ]; do sleep 0.01; done; touch done"]):
        (tmp_path / "go").touch()
    assert (tmp_path / "done").exists()


def test_a_tool_beside_the_block_fails_with_its_words(context: Context) -> None:
    argv = ["sh", "-c", "echo said; echo broken >&2; exit 3"]
    with pytest.raises(CommandError) as failure, pipeline.beside(context, argv):
        pass
    assert failure.value.notes == ("| said", "| broken")


def test_a_failure_of_the_block_ends_the_tool_beside_it(context: Context) -> None:
    started = time.monotonic()
    with (
        pytest.raises(ValueError, match="no more"),
        pipeline.beside(context, ["sleep", "60"]),
    ):
        raise ValueError("no more")
    assert time.monotonic() - started < 10


@pytest.mark.root
@pytest.mark.network
def test_tools_of_the_tools_root(tools_root: Path, tmp_path: Path) -> None:
    """Their sandbox must not hold our end of the pipe open, or they would wait for ever."""
    box = Toolbox(mode=Mode.ROOT, root=tools_root)
    context = made_context(tmp_path, box)
    content = os.urandom(MUCH)
    (tmp_path / "in").write_bytes(content)
    packed = pipeline.produced(context, ["zstd", "-q", "-c", "in"])
    pipeline.consumed(context, ["zstd", "-q", "-d"], packed, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content
    first, second = command("zstd", "-q", "-c", "in"), command("zstd", "-q", "-d")
    for look in (None, lambda _: None):
        with (
            (tmp_path / "out").open("wb", buffering=0) as output,
            pipeline.joined(context, first, second, output, look=look),
        ):
            pass
        assert (tmp_path / "out").read_bytes() == content
    with pytest.raises(CommandError, match="`zstd -q -d` failed"):
        pipeline.consumed(
            context, ["zstd", "-q", "-d"], pieces(b"no zstd" * MUCH), tmp_path / "out"
        )
