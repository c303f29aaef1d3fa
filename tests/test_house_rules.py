"""What holds for every file of the project: its size, its words, and what it must not name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests import checkout, imports

LONGEST_FILE = 500
TEXTS = [
    path
    for path in checkout.files()
    if path.suffix not in {".png", ".zip"} and "golden" not in path.parts
]
CODE = [
    path
    for path in TEXTS
    if checkout.shebang(path) or path.suffix == ".py" or path.name == "Makefile"
]
PYTHON = [
    path for path in CODE if path.suffix == ".py" or checkout.shebang(path).startswith("python")
]

UNWELCOME = {
    "a failure that is passed over": re.compile(r"\|\|\s*(?:true|:)(?:\s|;|$)"),
    "a type error that is passed over": re.compile(r"#\s*type:\s*ignore"),
    "work left undone": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    "a lint finding passed over without the reason": re.compile(
        r"#\s*noqa(?!: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)* \(\S)"
    ),
}
# A project that names a mirror or a registry fails where that one can't be
# reached; apt, mmdebstrap and pip know where theirs are.
HOSTS = re.compile(
    r"\b(?:(?:deb|ftp|ports|archive|security|snapshot|mirrors?|cdimage)(?:\.\w+)*\."
    r"(?:debian|ubuntu)\.(?:org|com|net)|(?:\w+\.)?(?:pypi|pythonhosted)\.org|registry\.npmjs\.\w+)",
    re.IGNORECASE,
)
# Folders of users that images and examples may have.
GUESTS = "debian|ubuntu|vagrant|user|you"
HOMES = re.compile(rf"(?<![\w.$}}])/(?:home|Users)/(?!(?:{GUESTS})\b)\w+")


def unwelcome(kind: str, text: str) -> list[str]:
    return UNWELCOME[kind].findall(text)


@pytest.mark.parametrize("path", CODE, ids=checkout.name)
def test_no_file_is_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE


@pytest.mark.parametrize("path", PYTHON, ids=checkout.name)
def test_first_line_says_what_a_module_is(path: Path) -> None:
    docstring = ast.get_docstring(imports.tree(path))
    assert docstring or not path.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("kind", UNWELCOME)
def test_nothing_is_passed_over(kind: str) -> None:
    found = {
        checkout.name(path): finds
        for path in CODE
        if path != Path(__file__) and (finds := unwelcome(kind, path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize("path", TEXTS, ids=checkout.name)
def test_no_mirror_and_no_folder_of_this_machine_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not HOSTS.findall(text)
    assert not HOMES.findall(text)
    assert str(checkout.ROOT) not in text


@pytest.mark.parametrize(
    ("kind", "line", "is_found"),
    [
        ("a failure that is passed over", "rm x |" + "| true", True),
        ("a failure that is passed over", "test -e x |" + "| exit 1", False),
        ("work left undone", "# TO" + "DO: later", True),
        ("a lint finding passed over without the reason", "x  # no" + "qa: S603", True),
        ("a lint finding passed over without the reason", "x  # no" + "qa: S603 (ours)", False),
    ],
)
def test_unwelcome(kind: str, line: str, *, is_found: bool) -> None:
    assert bool(unwelcome(kind, line)) is is_found


@pytest.mark.parametrize("host", ["deb.{}.org", "archive.{}.org", "ftp.de.{}.org"])
def test_hosts(host: str) -> None:
    assert HOSTS.search(f"http://{host.format('debian')}/debian")
    assert not HOSTS.search("https://www.debian.org/")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("{}/someone/x", True), ("chroot{}/someone", False), ("{}/vagrant/.ssh", False)],
)
def test_homes(text: str, *, is_found: bool) -> None:
    assert bool(HOMES.search(text.format("/home"))) is is_found
