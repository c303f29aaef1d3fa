"""`--stdin-filename`: a file as an editor has it, which the disk may not have."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from livecd_rootfs.errors import UsageError
from livecd_rootfs.lint import cli, examples
from tests.lint.trees import HERE

TREE = """\
== base/series/disk
depends nobody
base/disk.binary
== base/disk.binary
#!/bin/sh
sleep 5
"""


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples.plant(TREE, Path(HERE))


def checked(name: str, text: str, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    argv = ["--stdin-filename", f"{HERE}/{name}", "--format", "concise", *words]
    lines = cli.run(argv, environ={}).out.splitlines()
    return [line.removeprefix(f"{HERE}/") for line in lines]


def test_what_is_written_counts_and_other_files_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert checked("base/series/disk", "base/disk.binary\n", monkeypatch) == []
    (line,) = checked("base/series/disk", "\ndepends no-one\n", monkeypatch)
    assert line.startswith("base/series/disk:2:9: missing-series")


def test_a_file_need_not_be_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked("extra/series/new", "depends dsik\n", monkeypatch, "--select", "missing-series")
    assert [line.split(" ")[0] for line in found] == ["extra/series/new:1:9:"]


def test_a_hook_is_read_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--select", "host-dependence")
    assert checked("base/disk.binary", "#!/bin/sh\n", monkeypatch, *words) == []
    assert (
        len(checked("base/disk.binary", "#!/bin/sh\nsleep 1\nsleep 2\n", monkeypatch, *words)) == 2
    )


@pytest.mark.parametrize("words", [["--fix"], ["base"]])
def test_what_it_does_not_go_with(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError):
        checked("base/series/disk", "", monkeypatch, *words)
