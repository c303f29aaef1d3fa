"""Settings of a tree, and how slips in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecd_rootfs.diagnostics import Severity
from livecd_rootfs.errors import UsageError
from livecd_rootfs.lint import configuration
from livecd_rootfs.lint.configuration import Configuration

TABLE = "[tool.series-lint]\n"


@pytest.fixture(name="here", autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)


def test_all_keys(here: Path) -> None:
    write(
        here / "private",
        '[project]\nname = "x"\n\n' + TABLE + 'tree = "tree"\nbase = "../public/hooks.d"\n'
        'project = "my-cpc"\nselect = ["missing-series"]\nignore = ["number-prefix"]\n'
        'fail-on = "error"\nbuilds = ["all", "qcow2,squashfs"]\n',
    )
    found = configuration.find("private")
    assert found == Configuration(
        tree="private/tree",
        base="private/../public/hooks.d",
        project="my-cpc",
        select=("missing-series",),
        ignore=("number-prefix",),
        fail_on=Severity.ERROR,
        builds=found.builds,
    )
    assert [(build.targets, build.span.place) for build in found.builds] == [
        ("all", "private/pyproject.toml:11:12"),
        ("qcow2,squashfs", "private/pyproject.toml:11:19"),
    ]


def test_the_nearest_file_that_has_the_table_counts(here: Path) -> None:
    write(here, TABLE + 'project = "far"\n')
    write(here / "a", TABLE + 'project = "near"\n')
    write(here / "a/b", "[tool.other]\n")
    assert configuration.find("a/b/hooks.d").project == "near"


def test_nothing_is_set_without_a_file() -> None:
    assert configuration.find("/nonexistent") == Configuration()


@pytest.mark.parametrize(
    ("text", "message", "place", "remedy"),
    [
        (TABLE + "selct = []\n", "has no key 'selct'", "pyproject.toml:2:1",
         "did you mean 'select'?"),
        (TABLE + "ignore = 'x'\n", "'ignore' in [tool.series-lint] is not a list of texts",
         "pyproject.toml:2:1", None),
        (TABLE + "project = 1\n", "is not a text", "pyproject.toml:2:1", None),
        (TABLE + "fail-on = 'never'\n", "no severity is called 'never'", "pyproject.toml:2:1",
         "error or warning or info"),
        ("[tool\n", "can't be understood", None, None),
        ("[tool.x]\n", "has no table [tool.series-lint]", None, None),
    ],
)  # fmt: skip
def test_slips(text: str, message: str, place: str | None, remedy: str | None, here: Path) -> None:
    write(here, text)
    with pytest.raises(UsageError) as caught:
        configuration.read("pyproject.toml")
    assert message in caught.value.message
    assert (caught.value.place, caught.value.remedy) == (place, remedy)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"gone\.toml can't be read"):
        configuration.read("gone.toml")
