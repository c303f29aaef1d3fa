"""The README's worked example is followed to the letter: its files, its commands, their output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import checkout

README = (checkout.ROOT / "README.cpc.md").read_text(encoding="utf-8")
EXAMPLE = README.partition("## Your own target\n")[2].partition("\n## ")[0]
# A block of code, and the paragraph that introduces it.
BLOCK = re.compile(r"^([^\n]+)\n\n```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_LINES = "..."
STATUS = """\
Package: base-files
Status: install ok installed
Version: 13.8
Architecture: amd64
Maintainer: nobody
Installed-Size: 345
Description: files

"""


def example_files(text: str) -> dict[str, str]:
    """The files of an example: each is named by the last path in the line before it."""
    return {
        path: block
        for introduction, kind, block in BLOCK.findall(text)
        if kind != "console"
        for path in re.findall(r"`(hooks\.d/[^`]+)`", introduction)[-1:]
    }


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The commands of an example, each with the lines that it prints."""
    sessions = "".join(block for _, kind, block in BLOCK.findall(text) if kind == "console")
    entries = (entry.splitlines() for entry in re.split(r"^\$ ", sessions, flags=re.MULTILINE)[1:])
    return [(entry[0], entry[1:]) for entry in entries]


def is_shown(printed: str, shown: list[str]) -> bool:
    """Whether a command printed what the README shows.

    There ``...`` stands for any lines, and the numbers of links may be others:
    each new hook in hooks.d/chroot moves those behind it.
    """
    parts = (r"(?:.*\n)*" if line == ANY_LINES else f"{re.escape(line)}\n" for line in shown)
    pattern = re.sub(r"(\\\[HOOK\\\]\\ )\d+", r"\1\\d+", "".join(parts))
    return re.fullmatch(pattern, printed) is not None


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Path:
    """A folder with a copy of hooks.d in which the example's files have been written."""
    shutil.copytree(checkout.ROOT / "hooks.d", tmp_path / "hooks.d", symlinks=True)
    for name, text in example_files(EXAMPLE).items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def run(command: str, place: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=place,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_commands_print_what_is_shown(place: Path) -> None:
    example = commands(EXAMPLE)
    assert len(example) > 1
    for command, shown in example:
        printed = run(command, place).stdout
        assert is_shown(printed, shown), f"$ {command}\n{printed}"


@pytest.mark.tools("dpkg-query")
def test_the_hook_makes_what_its_series_provides(place: Path) -> None:
    database = place / "rootfs.dir/var/lib/dpkg"
    database.mkdir(parents=True)
    (database / "status").write_text(STATUS)
    hook = run("sh hooks.d/extra/inventory.binary", place, PREFIX="livecd.x")
    assert (hook.returncode, hook.stdout) == (0, "")
    assert (place / "livecd.x.inventory.csv").read_text() == "base-files,13.8,345\n"


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("a\nb\n", ["a", "b"], True),
        ("a\nb\nc\n", ["a", "...", "c"], True),
        ("a\nc\n", ["a", "...", "c"], True),
        ("a\nb\n", ["a"], False),
        ("a.c\n", ["abc"], False),
        ("", [], True),
        ("[HOOK] 014-x => y\n", ["[HOOK] 013-x => y"], True),
        ("[HOOK] 014-x => y\n", ["[HOOK] 014-z => y"], False),
    ],
)
def test_is_shown(printed: str, shown: list[str], *, same: bool) -> None:
    assert is_shown(printed, shown) is same
