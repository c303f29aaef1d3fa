"""The README is true: its examples are followed to the letter, its tables compared with the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from livecd_rootfs import cli, header, settings
from livecd_rootfs.build import binary, environment, stepview
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.lint import configuration, formats
from tests import checkout

README = (checkout.ROOT / "README.cpc.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


EXAMPLE = section("Your own target")
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


# Each new hook in hooks.d/chroot moves those behind it: such numbers may be others.
COUNTS = (
    re.compile(r"(?<=\[HOOK\] )\d+"),
    re.compile(r"\d+(?= steps, )"),
    re.compile(r" *\d+(?=  (?:tools root|bootstrap|chroot/|base/|extra/))"),
)


def is_shown(printed: str, shown: list[str]) -> bool:
    """Whether a command printed what the README shows, where ``...`` stands for any lines."""
    parts = (
        r"(?:.*\n)*" if line == ANY_LINES else f"{re.escape(without_counts(line))}\n"
        for line in shown
    )
    return re.fullmatch("".join(parts), without_counts(printed)) is not None


def without_counts(text: str) -> str:
    for count in COUNTS:
        text = count.sub("N", text)
    return text


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
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=place,
        env={"PATH": path, "LANG": "C.UTF-8", "ARCH": "amd64", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("title", ["The command", "Your own target", "Check the tree"])
def test_commands_print_what_is_shown(title: str, place: Path) -> None:
    example = commands(section(title))
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
        ("   9  bootstrap  x\n", ["  10  bootstrap  x"], True),
        ("│  ├─  16  base/x  file:5:1\n", ["│  ├─  17  base/x  file:5:1"], True),
        ("│  ├─  16  base/x  file:5:1\n", ["│  ├─  16  base/x  file:6:1"], False),
    ],
)
def test_is_shown(printed: str, shown: list[str], *, same: bool) -> None:
    assert is_shown(printed, shown) is same


@pytest.mark.root
@pytest.mark.tools("dpkg-query")
def test_the_target_is_built(place: Path) -> None:
    """From a root in which no chroot hook could run, so without those."""
    shutil.rmtree(place / "hooks.d/chroot")
    (place / "hooks.d/chroot").mkdir()
    (place / "hooks.d/extra/inventory.binary").chmod(0o755)
    for name, text in {"bin/sh": "", "var/lib/dpkg/status": STATUS}.items():
        (place / "root" / name).parent.mkdir(parents=True)
        (place / "root" / name).write_text(text)
    command = "livecd-rootfs build inventory --base root --cache cache --tools host"
    built = run(command, place)
    assert built.returncode == 0, built.stdout
    made = place / "out/livecd.debian-cpc.inventory.csv"
    assert made.read_text() == "base-files,13.8,345\n"


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if line.startswith("|---")}
    kept = [
        line
        for number, line in enumerate(lines)
        if number not in heads and not line.startswith("|---")
    ]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def test_every_command_has_its_row() -> None:
    shown = [row[0].strip("`") for row in rows(section("The command"))]
    assert shown == list(typer.main.get_group(cli.app).commands)


def test_every_example_of_a_command_is_one() -> None:
    for name, _, example in rows(section("The command")):
        assert example.strip("`").startswith(f"livecd-rootfs {name.strip('`')}")


def test_every_target_is_named() -> None:
    line = next(line for line in README.splitlines() if "The targets are the series files" in line)
    named = re.findall(r"`([a-z0-9-]+)`", line.partition("series files:")[2])
    assert tuple(named) == HookTree(str(checkout.ROOT / "hooks.d")).series_names()


def test_every_setting_has_its_row() -> None:
    assert rows(section("Settings")) == [
        [
            f"`--{setting.name.replace('_', '-')}`",
            f"`{setting.variable}`",
            f"`[{setting.section}] {setting.option}`",
            setting.help + (f" (`{setting.default}`)" if setting.default else ""),
        ]
        for setting in settings.FLAGS
    ]


def test_the_settings_of_the_example_are_read(tmp_path: Path) -> None:
    example = section("Settings").partition("```ini\n")[2].partition("```")[0]
    (tmp_path / "mkosi.conf").write_text(example)
    loaded, warnings = settings.load({}, {}, tmp_path)
    assert warnings == ()
    assert loaded.text("suite") == "bookworm"
    assert loaded.words("packages") == ("vim", "curl", "!unattended-upgrades")
    assert loaded.text("image_size") == "3G"


def test_every_variable_of_a_hook_is_named() -> None:
    loaded, _ = settings.load({}, {}, Path("/nonexistent"))
    build = environment.identity(loaded, "livecd.x")
    told = next(line for line in README.splitlines() if line.startswith("**Its environment**"))
    named = set(re.findall(r"`([A-Z_]+)`", told))
    assert named == set(environment.of_hooks(build, loaded, (), 0))


def test_every_key_of_a_header_has_its_row() -> None:
    table = section("What a hook sees").partition("**Headers.**")[2]
    keys = {key.strip("` ") for row in rows(table) for key in row[0].split(",")}
    assert keys == set(header.KEYS)


def test_every_file_of_the_configuration_is_named() -> None:
    loaded, _ = settings.load({}, {}, Path("/nonexistent"))
    build = environment.identity(loaded, "livecd.x")
    files = stepview.config_files(environment.of_hooks(build, loaded, (), 0))
    named = set(re.findall(r"`config/([a-z]+)`", section("What a hook sees")))
    assert named == {"functions", *files}


def test_the_build_directory_is_where_the_readme_says() -> None:
    assert f"always `{binary.BUILD}`" in section("What a hook sees")


def test_every_form_of_findings_has_its_row() -> None:
    assert [row[0].strip("`") for row in rows(section("Check the tree"))] == list(formats.FORMATS)


def test_the_settings_of_lint_are_read(tmp_path: Path) -> None:
    example = section("Check the tree").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "pyproject.toml").write_text(example)
    found = configuration.read(str(tmp_path / "pyproject.toml"))
    assert (found.ignore, found.project) == (("number-prefix",), "my-cpc")
    assert [build.targets for build in found.builds] == ["all", "qcow2,squashfs"]
