"""`series-lint graph`: a small tree in each form, with what nobody reaches marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint import cli, examples
from tests.lint.trees import HERE

TREE = """\
== base/series/all
depends disk
depends image
== base/series/disk
base/disk.binary
provides ${PREFIX}.disk
== base/series/image
depends disk
base/image.binary
== base/series/lost
base/lost.binary
== base/disk.binary
== base/image.binary
== base/lost.binary
== base/orphan.binary
== base/final.binary
== chroot/010-clean.chroot
"""
TEXT = """\
all
├─ disk
│  ├─ base/disk.binary
│  └─ => ${PREFIX}.disk
└─ image
   ├─ disk (above)
   └─ base/image.binary

in every build
   chroot/010-clean.chroot
   base/final.binary

unreachable from all
   series   lost
   hook     base/lost.binary
   hook     base/orphan.binary
"""


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples.plant(TREE, Path(HERE))


def graph(*words: str) -> str:
    return cli.run(["graph", *words], environ={}).out


def test_text() -> None:
    assert graph() == TEXT


def test_other_targets_reach_other_parts() -> None:
    shown = graph("lost")
    assert shown.startswith("lost\n└─ base/lost.binary\n")
    assert "series   image\n" in shown


def test_dot_and_mermaid_mark_what_is_unreachable() -> None:
    dot, mermaid = graph("--format", "dot"), graph("--format", "mermaid")
    marked = [line for line in dot.splitlines() if "unreachable" in line]
    assert [line.split('"')[1] for line in marked] == [
        "series lost",
        "hook base/lost.binary",
        "hook base/orphan.binary",
    ]
    assert '"series image" -> "series disk" [label="1"];' in dot
    assert "classDef unreachable" in mermaid


def test_a_file_can_be_written(tmp_path: Path) -> None:
    assert graph("--output", "shown.txt") == ""
    assert (tmp_path / "shown.txt").read_text(encoding="utf-8") == TEXT


def test_without_graphviz_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LivecdError) as caught:
        graph("--format", "svg")
    assert "apt-get install graphviz" in str(caught.value.remedy)


def test_svg_is_what_dot_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/dot"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nread -r line\necho "<svg>$1 $line</svg>"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert graph("--format", "svg") == "<svg>-Tsvg digraph plan {</svg>\n"


def test_what_is_not_there_is_marked() -> None:
    for name in ("base/series/disk", "base/image.binary"):
        Path(HERE, name).unlink()
    assert graph().startswith(
        "all\n├─ disk (missing)\n└─ image\n   ├─ disk (missing)\n   └─ base/image.binary (missing)\n"
    )
    assert 'label="disk (missing)"' in graph("--format", "dot")


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(LivecdError) as caught:
        graph("dsk")
    assert caught.value.remedy == "did you mean 'disk'?"


@pytest.mark.parametrize("words", [["nobody"], ["--tree", "nowhere"], ["--format", "png"]])
def test_what_can_not_be_understood(words: list[str]) -> None:
    with pytest.raises(LivecdError):
        graph(*words)
